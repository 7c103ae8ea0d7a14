// From a prompt to a file; then a request that is refused. With the word "vectors": the conformance vectors.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"example/unifiedvideo"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: example FILE.mp4 | vectors")
		os.Exit(2)
	}
	run := example
	if os.Args[1] == "vectors" {
		run = vectors
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func example(output string) error {
	client := newService(os.Getenv("UNIFIED_VIDEO_BASE_URL"), os.Getenv("UNIFIED_VIDEO_API_KEY"))
	by := systemClock{time.Now()}
	seed := int32(7)
	// A literal, not NewVideoGenerationRequest: that would send every default of the document too.
	request := unifiedvideo.VideoGenerationRequest{
		Prompt: "a cat dancing",
		Model:  unifiedvideo.VIDEOMODEL_DOUBAO_SEEDANCE_1_0_PRO_250528,
		Seed:   &seed,
	}
	taskID, err := client.create(request, by)
	if err != nil {
		return err
	}
	fmt.Println("created", taskID)
	ask := func() reading {
		found, response, err := client.api.GetVideoGeneration(client.context, taskID).Execute()
		if err == nil { // what the generated types make of it: an unlisted status and a new field are no error
			fmt.Println("typed", found.Status, found.AdditionalProperties)
		}
		return answered(response, err)
	}
	done, err := wait(ask, query.Polling.Timeout, true, by, func(seen *task) { fmt.Println(seen.Status) })
	if err != nil {
		return err
	}
	newLink := func() string {
		if found := taskOf(client.queryOnce(taskID).task); found.VideoURL != nil {
			return *found.VideoURL
		}
		return ""
	}
	if err := download(*done.VideoURL, output, http.DefaultTransport, newLink, by); err != nil {
		return err
	}
	fmt.Println("saved", output)
	seed = -1
	_, err = client.create(request, by)
	fmt.Println("refused", err)
	return nil
}

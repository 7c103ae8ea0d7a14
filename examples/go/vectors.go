package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"

	"example/unifiedvideo"
)

type vectorCase struct {
	Name           string           `json:"name"`
	Task           map[string]any   `json:"task"`
	Operation      string           `json:"operation"`
	Fresh          bool             `json:"fresh"`
	Answer         map[string]any   `json:"answer"`
	Answers        []map[string]any `json:"answers"`
	TimeoutSeconds float64          `json:"timeout_seconds"`
	wanted         map[string]any
}

// as sees a value through JSON, so that it can be compared with a vector.
func as(value any) map[string]any {
	var found map[string]any
	text, err := json.Marshal(value)
	if err != nil || json.Unmarshal(text, &found) != nil {
		panic(fmt.Sprint(value, err))
	}
	return found
}

type tally struct{ Passed, Total int }

func (t *tally) check(name string, found, wanted map[string]any) {
	t.Total++
	if reflect.DeepEqual(found, wanted) {
		t.Passed++
		return
	}
	fmt.Fprintf(os.Stderr, "%s\n  found  %v\n  wanted %v\n", name, found, wanted)
}

func load(kind string) (taskID string, cases []vectorCase, err error) {
	text, err := os.ReadFile(filepath.Join(os.Getenv("VECTORS_FOLDER"), kind+".json"))
	if err != nil {
		return "", nil, err
	}
	var file struct {
		TaskID string       `json:"task_id"`
		Cases  []vectorCase `json:"cases"`
	}
	var plainly struct {
		Cases []map[string]any `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return "", nil, err
	}
	if err := json.Unmarshal(text, &plainly); err != nil {
		return "", nil, err
	}
	for number := range file.Cases {
		file.Cases[number].wanted = plainly.Cases[number]
	}
	return file.TaskID, file.Cases, nil
}

func at(kind string, number, step int, answer map[string]any) service {
	base := fmt.Sprintf("%s/%s/%d/%d", os.Getenv("VECTORS_URL"), kind, number, step)
	if answer["fault"] == "not_connected" {
		base = os.Getenv("VECTORS_CLOSED")
	}
	return newService(base, "sk-of-the-vectors")
}

func only(from map[string]any, names ...string) map[string]any {
	found := map[string]any{}
	for _, name := range names {
		found[name] = from[name]
	}
	return found
}

func vectors(string) error {
	results := &tally{}
	for kind, run := range map[string]func(string, int, vectorCase, *tally){"queries": oneQuery, "errors": oneError, "polling": onePoll} {
		taskID, cases, err := load(kind)
		if err != nil {
			return err
		}
		for number, one := range cases {
			run(taskID, number, one, results)
		}
	}
	if err := downloads(results); err != nil {
		return err
	}
	fmt.Printf("{\"passed\": %d, \"total\": %d}\n", results.Passed, results.Total)
	return nil
}

func oneQuery(_ string, number int, one vectorCase, results *tally) {
	found := at("queries", number, 0, nil).queryOnce(one.Task["task_id"].(string))
	results.check("queries: "+one.Name, as(taskOf(found.task)), one.Task)
}

func oneError(_ string, number int, one vectorCase, results *tally) {
	client := at("errors", number, 0, one.Answer)
	of, passing, ask := query, "transient", func() reading { return client.queryOnce("cgt-1") }
	if one.Operation == "create" {
		request := unifiedvideo.VideoGenerationRequest{Prompt: "dance", Model: "doubao-seedance-1-0-pro-250528"}
		of, passing, ask = create, "not_accepted", func() reading { return client.createOnce(request) }
	}
	found := ask()
	row := rowFor(of, found)
	seen := map[string]any{
		"outcome": row.outcome(one.Fresh), "error": orNil(row.Error), "send_again": mayRetry(of, row, found, passing, one.Fresh),
		"code": found.code, "request_id": found.requestID, "retry_after": found.retryAfter, "message": nil, "task_id": nil,
	}
	if one.wanted["message"] != nil {
		seen["message"] = found.message
	}
	if row.Outcome == "accepted" {
		seen["task_id"] = taskIDOf(found.task)
	}
	names := []string{"outcome", "error", "send_again", "code", "request_id", "retry_after", "message", "task_id"}
	results.check("errors: "+one.Name, as(seen), only(one.wanted, names...))
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

type jumpingClock struct{ slept []float64 }

func (c *jumpingClock) now() float64 {
	sum := 0.0
	for _, seconds := range c.slept {
		sum += seconds
	}
	return sum
}
func (c *jumpingClock) sleep(seconds float64) { c.slept = append(c.slept, seconds) }
func (c *jumpingClock) jitter() float64       { return 0 }

func onePoll(taskID string, number int, one vectorCase, results *tally) {
	by, asked := &jumpingClock{slept: []float64{}}, 0
	ask := func() reading {
		step := minimum(asked, len(one.Answers)-1)
		asked++
		return at("polling", number, step, one.Answers[step]).queryOnce(taskID)
	}
	last, err := wait(ask, one.TimeoutSeconds, one.Fresh, by, func(*task) {})
	seen := map[string]any{"delays": by.slept, "queries": asked, "error": nil, "state": nil}
	var failed *serviceError
	if errors.As(err, &failed) {
		seen["error"] = failed.kind
	}
	if last != nil {
		seen["state"] = last.State
	}
	results.check("polling: "+one.Name, as(seen), only(one.wanted, "delays", "queries", "error", "state"))
}

type downloadCase struct {
	Name  string `json:"name"`
	URL   string `json:"url"`
	Steps []struct {
		Request map[string]any `json:"request"`
		Answer  struct {
			Fault   string            `json:"fault"`
			Status  int               `json:"status"`
			Headers map[string]string `json:"headers"`
			File    string            `json:"file"`
			First   int               `json:"first"`
			Stop    int               `json:"stop"`
		} `json:"answer"`
	} `json:"steps"`
	NewLink string    `json:"new_link"`
	Queries int       `json:"queries"`
	Delays  []float64 `json:"delays"`
	Error   *string   `json:"error"`
	Content *string   `json:"content"`
}

// media is a host that answers by a script.
type media struct {
	one   downloadCase
	files map[string][]byte
	asked []map[string]any
}

func (m *media) RoundTrip(request *http.Request) (*http.Response, error) {
	header := func(name string) any { return orNil(request.Header.Get(name)) }
	m.asked = append(m.asked, map[string]any{"url": request.URL.String(), "range": header("Range"), "if_range": header("If-Range")})
	if len(m.asked) > len(m.one.Steps) {
		return nil, errors.New("one request too many")
	}
	answer := m.one.Steps[len(m.asked)-1].Answer
	if answer.Fault != "" {
		return nil, errors.New(answer.Fault)
	}
	response := &http.Response{StatusCode: answer.Status, Header: http.Header{}, ContentLength: -1}
	for name, value := range answer.Headers {
		response.Header.Set(name, value)
	}
	if announced, err := strconv.ParseInt(response.Header.Get("Content-Length"), 10, 64); err == nil {
		response.ContentLength = announced
	}
	response.Body = io.NopCloser(bytes.NewReader(m.files[answer.File][answer.First:answer.Stop]))
	return response, nil
}

func downloads(results *tally) error {
	text, err := os.ReadFile(filepath.Join(os.Getenv("VECTORS_FOLDER"), "downloads.json"))
	if err != nil {
		return err
	}
	var file struct {
		Files map[string][]byte `json:"files"` // base64, as encoding/json reads it
		Cases []downloadCase    `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "downloads-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	for number, one := range file.Cases {
		oneDownload(filepath.Join(folder, fmt.Sprint(number)), one, file.Files, results)
	}
	return nil
}

func oneDownload(path string, one downloadCase, files map[string][]byte, results *tally) {
	host, by, queries := &media{one: one, files: files}, &jumpingClock{slept: []float64{}}, 0
	newLink := func() string {
		queries++
		return one.NewLink
	}
	err := download(one.URL, path, host, newLink, by)
	seen := map[string]any{"asked": host.asked, "delays": by.slept, "queries": queries, "error": nil, "content": nil}
	var failed *downloadError
	if errors.As(err, &failed) {
		seen["error"] = failed.kind
	} else if whole, err := os.ReadFile(path); err == nil {
		seen["content"] = whole
	}
	requests := []map[string]any{}
	for _, step := range one.Steps {
		requests = append(requests, step.Request)
	}
	wanted := map[string]any{"asked": requests, "delays": one.Delays, "queries": one.Queries, "error": one.Error, "content": nil}
	if one.Content != nil {
		wanted["content"] = files[*one.Content]
	}
	results.check("downloads: "+one.Name, as(seen), as(wanted))
}

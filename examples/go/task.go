package main

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// task is an answer to a query: only the id and the status can be relied on. Times are Unix seconds.
type task struct {
	TaskID       string         `json:"task_id"`
	Status       string         `json:"status"`
	State        string         `json:"state"`
	Done         bool           `json:"done"`
	Progress     *float64       `json:"progress"`
	FailReason   *string        `json:"fail_reason"`
	FailCode     *string        `json:"fail_code"`
	SubmittedAt  *int64         `json:"submitted_at"`
	StartedAt    *int64         `json:"started_at"`
	FinishedAt   *int64         `json:"finished_at"`
	VideoURL     *string        `json:"video_url"`
	LastFrameURL *string        `json:"last_frame_url"`
	Usage        map[string]any `json:"usage"`
}

const succeeded = "succeeded"

var (
	percent = regexp.MustCompile(`^\s*(\d{1,9}(?:\.\d{1,9})?)\s*%?\s*$`)
	coded   = regexp.MustCompile(`(?s)^\s*\[([^\]]{1,200})\]\s*(.*)$`)
	link    = regexp.MustCompile(`(?i)^https?://\S+$`)
	picture = regexp.MustCompile(`(?i)\.(png|jpe?g|webp|gif|bmp)$`)
)

func taskOf(payload map[string]any) *task {
	data := object(payload["data"])
	if data == nil {
		data = map[string]any{"output": payload["data"]}
	}
	found := &task{TaskID: taskIDOf(payload), Status: statusOf(payload, data), State: "unknown"}
	if state, known := schemas.TaskStatus.States[strings.ToUpper(strings.TrimSpace(found.Status))]; known {
		found.State = state
	}
	if found.State == succeeded {
		found.LastFrameURL, found.VideoURL = linksOf(payload, data)
	} else {
		found.FailReason, found.FailCode = reasonOf(payload["fail_reason"])
	}
	found.Done = contains(schemas.TaskStatus.FinalStates, found.State) && (found.State != succeeded || found.VideoURL != nil)
	found.Progress = progressOf(payload["progress"])
	found.SubmittedAt = moment(payload["submit_time"])
	found.StartedAt = moment(payload["start_time"])
	found.FinishedAt = moment(payload["finish_time"])
	if found.Usage = object(data["usage"]); found.Usage == nil {
		found.Usage = object(payload["usage"])
	}
	return found
}

func statusOf(payload, data map[string]any) string {
	found, there := payload["status"]
	if !there {
		found = data["status"]
	}
	if found == nil {
		return ""
	}
	return fmt.Sprint(found)
}

func progressOf(value any) *float64 {
	found := percent.FindStringSubmatch(orEmpty(words(value)))
	if found == nil {
		return nil
	}
	number, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		return nil
	}
	share := math.Min(number/100, 1)
	return &share
}

// moment: 0 means not yet.
func moment(value any) *int64 {
	number, err := json.Number(orEmpty(words(value))).Float64()
	if err != nil || number <= 0 {
		return nil
	}
	seconds := int64(number)
	return &seconds
}

func reasonOf(value any) (*string, *string) {
	text, _ := value.(string)
	text, code := plainAndCode(strings.TrimSpace(text))
	if found := coded.FindStringSubmatch(text); found != nil {
		code, reason := found[1], strings.TrimSpace(found[2])
		if reason == "" {
			reason = code
		}
		return &reason, &code
	}
	if text == "" {
		return nil, nil
	}
	return &text, code
}

func linksOf(payload, data map[string]any) (lastFrame, video *string) {
	beside := map[string]any{}
	for name, value := range payload {
		if name != "data" {
			beside[name] = value
		}
	}
	lastFrame = lastFrameIn(data, beside)
	videos := append(linksIn(data, schemas.VideoTaskData.Links.Video), linksIn(beside, schemas.VideoTaskData.Links.Video)...)
	for _, one := range append(videos, linksIn(payload["fail_reason"], nil)...) {
		if (lastFrame == nil || one != *lastFrame) && !isPicture(one) {
			found := one
			return lastFrame, &found
		}
	}
	return lastFrame, nil
}

func lastFrameIn(data, beside map[string]any) *string {
	name, places := schemas.VideoTaskData.Links.LastFrame[0], schemas.VideoTaskData.Links.LastFrame[1:]
	holders := append([]map[string]any{data, beside}, append(objectsIn(data, places), objectsIn(beside, places)...)...)
	for _, holder := range holders {
		if found := linksIn(holder[name], []string{"url"}); len(found) > 0 {
			return &found[0]
		}
	}
	return nil
}

func objectsIn(holder map[string]any, places []string) []map[string]any {
	var found []map[string]any
	for _, place := range places {
		values, isList := holder[place].([]any)
		if !isList {
			values = []any{holder[place]}
		}
		for _, value := range values {
			if one := object(value); one != nil {
				found = append(found, one)
			}
		}
	}
	return found
}

func linksIn(value any, names []string) []string {
	var found []string
	switch held := value.(type) {
	case string:
		if text := strings.TrimSpace(held); link.MatchString(text) {
			found = append(found, text)
		}
	case []any:
		for _, item := range held {
			found = append(found, linksIn(item, names)...)
		}
	case map[string]any:
		for _, name := range names {
			found = append(found, linksIn(held[name], names)...)
		}
	}
	return found
}

func isPicture(text string) bool {
	path, _, _ := strings.Cut(text, "?")
	path, _, _ = strings.Cut(path, "#")
	return picture.MatchString(path)
}

package main

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// reading is one answer, or none, in plain data.
type reading struct {
	fault      string // "not_connected", "broken", or "" for an answer
	status     int
	payload    map[string]any
	task       map[string]any // the object that holds the task id: the payload, or the data in it
	isError    bool
	code       *string
	message    string
	requestID  *string
	retryAfter *float64
}

func read(status int, header http.Header, body []byte) reading {
	payload := object(parsed(body))
	found := reading{status: status, payload: payload, task: withTaskID(payload)}
	found.code, found.message, found.isError = errorIn(payload)
	for _, name := range document.Components.Responses.Error.RequestIDHeaders {
		if value := header.Get(name); value != "" && found.requestID == nil {
			found.requestID = &value
		}
	}
	found.retryAfter = retryAfter(header)
	return found
}

func object(value any) map[string]any {
	found, _ := value.(map[string]any)
	return found
}

func parsed(body []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var found any
	if decoder.Decode(&found) != nil {
		return nil
	}
	return found
}

func words(value any) *string {
	switch found := value.(type) {
	case string:
		return &found
	case json.Number:
		text := found.String()
		return &text
	}
	return nil
}

func taskIDOf(task map[string]any) string {
	found := words(task["task_id"])
	if found == nil || strings.TrimSpace(*found) == "" || *found == "." || *found == ".." {
		return ""
	}
	return *found
}

func withTaskID(payload map[string]any) map[string]any {
	for _, candidate := range []map[string]any{payload, object(payload["data"])} {
		if taskIDOf(candidate) != "" {
			return candidate
		}
	}
	return nil
}

func errorIn(payload map[string]any) (*string, string, bool) {
	if inner := object(payload["error"]); inner != nil {
		code, said := words(inner["code"]), words(inner["message"])
		if said == nil || *said == "" {
			said = words(inner["type"])
		}
		message := plain(orEmpty(said))
		return code, message, orEmpty(code) != "" || message != ""
	}
	code := words(payload["code"])
	if inner, isText := payload["error"].(string); isText && inner != "" {
		return code, plain(inner), true
	}
	message := words(payload["message"])
	if code == nil || message == nil || contains(schemas.TaskError.SuccessCodes, strings.ToLower(*code)) {
		return nil, plain(orEmpty(message)), false
	}
	return code, plain(*message), true
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func contains(listed []string, wanted string) bool {
	for _, one := range listed {
		if one == wanted {
			return true
		}
	}
	return false
}

// plain gives the words in a message that may be the upstream's JSON as a string.
func plain(text string) string {
	text, _ = plainAndCode(text)
	return text
}

// plainAndCode gives the same, and the code that stands beside the words.
func plainAndCode(text string) (string, *string) {
	var code *string
	for depth := 0; depth < 3 && strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{"); depth++ {
		holder := object(parsed([]byte(text)))
		next, ok := holder["message"].(string)
		if inner := object(holder["error"]); !ok && inner != nil {
			holder = inner
			next, ok = inner["message"].(string)
		} else if !ok {
			next, ok = holder["error"].(string)
		}
		if !ok {
			break
		}
		if beside := words(holder["code"]); beside != nil {
			code = beside
		}
		text = next
	}
	return text, code
}

func retryAfter(header http.Header) *float64 {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return &seconds
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return nil
	}
	sent, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		sent = time.Now()
	}
	seconds := math.Max(0, until.Sub(sent).Seconds())
	return &seconds
}

// rowFor gives the first row of x-outcomes that fits.
func rowFor(of operation, found reading) row {
	var broken row
	for _, one := range of.Outcomes {
		if one.fits(found) {
			return one
		}
		if one.Fault == "broken" {
			broken = one
		}
	}
	return broken
}

func (r row) fits(found reading) bool {
	if found.fault != "" || r.Fault != "" {
		return found.fault == r.Fault
	}
	return r.statusFits(strconv.Itoa(found.status)) && r.bodyFits(found) && r.saysSo(found)
}

func (r row) statusFits(status string) bool {
	return contains(r.Statuses, status) || contains(r.Statuses, status[:1]+"XX")
}

func (r row) bodyFits(found reading) bool {
	return r.Body == "" || (r.Body == "task" && found.task != nil) || (r.Body == "error" && found.isError)
}

func (r row) saysSo(found reading) bool {
	if r.Says == nil || contains(r.Says.Codes, strings.ToLower(orEmpty(found.code))) {
		return true
	}
	return r.Says.Message != "" && regexp.MustCompile("(?is)"+r.Says.Message).MatchString(found.message)
}

func (r row) outcome(fresh bool) string {
	if fresh && r.WhileFresh != "" {
		return r.WhileFresh
	}
	return r.Outcome
}

// mayRetry tells whether a client with tries left sends the request again; passing is the outcome that allows it.
func mayRetry(of operation, r row, found reading, passing string, fresh bool) bool {
	return r.outcome(fresh) == passing && (found.retryAfter == nil || *found.retryAfter <= of.Retry.LongestRetryAfter)
}

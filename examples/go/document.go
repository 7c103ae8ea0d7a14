package main

import (
	_ "embed"
	"encoding/json"
)

// The tables of the OpenAPI document that say how to behave. Nothing of them is repeated in code.

// document.json is the document as JSON: openapi/released/unified_video-….json, or `unified-video spec --json`.
//
//go:embed document.json
var documentJSON []byte

type says struct {
	Codes   []string `json:"codes"`
	Message string   `json:"message"`
}

type row struct {
	Statuses   []string `json:"statuses"`
	Body       string   `json:"body"`
	Says       *says    `json:"says"`
	Fault      string   `json:"fault"`
	Outcome    string   `json:"outcome"`
	WhileFresh string   `json:"while_fresh"`
	Error      string   `json:"error"`
}

type operation struct {
	Outcomes []row `json:"x-outcomes"`
	Retry    struct {
		Attempts          int     `json:"attempts"`
		Base              float64 `json:"base_seconds"`
		Factor            float64 `json:"factor"`
		Cap               float64 `json:"cap_seconds"`
		Jitter            float64 `json:"jitter"`
		LongestRetryAfter float64 `json:"longest_retry_after_seconds"`
	} `json:"x-retry"`
	Polling struct {
		Pauses          []float64 `json:"pauses_seconds"`
		Jitter          float64   `json:"jitter"`
		Timeout         float64   `json:"timeout_seconds"`
		Fresh           float64   `json:"fresh_seconds"`
		MissingPatience int       `json:"queries_for_missing_video"`
	} `json:"x-polling"`
	Download struct {
		MostRedirects     int   `json:"most_redirects"`
		QueriesForNewLink int   `json:"queries_for_new_link"`
		Outcomes          []row `json:"outcomes"`
	} `json:"x-download"`
}

type tables struct {
	Paths struct {
		Create struct {
			Post operation `json:"post"`
		} `json:"/v2/videos/generations"`
		Query struct {
			Get operation `json:"get"`
		} `json:"/v2/videos/generations/{task_id}"`
	} `json:"paths"`
	Components struct {
		Responses struct {
			Error struct {
				RequestIDHeaders []string `json:"x-request-id-headers"`
			} `json:"Error"`
		} `json:"responses"`
		Schemas struct {
			TaskStatus struct {
				States      map[string]string `json:"x-states"`
				FinalStates []string          `json:"x-final-states"`
			} `json:"TaskStatus"`
			TaskError struct {
				SuccessCodes []string `json:"x-success-codes"`
			} `json:"TaskError"`
			VideoTaskData struct {
				Links struct {
					Video     []string `json:"video"`
					LastFrame []string `json:"last_frame"`
				} `json:"x-links"`
			} `json:"VideoTaskData"`
		} `json:"schemas"`
	} `json:"components"`
}

var (
	document = parseDocument()
	schemas  = document.Components.Schemas
	create   = document.Paths.Create.Post
	query    = document.Paths.Query.Get
)

func parseDocument() tables {
	var found tables
	if err := json.Unmarshal(documentJSON, &found); err != nil {
		panic(err) // built in: it is good, or nothing works
	}
	return found
}

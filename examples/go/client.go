package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand"
	"net"
	"net/http"
	"time"

	"example/unifiedvideo"
)

// serviceError bears the document's class of error as its kind.
type serviceError struct {
	kind  string
	found reading
	task  *task
}

func (e *serviceError) Error() string {
	return fmt.Sprintf("%s: HTTP %d %s%s", e.kind, e.found.status, e.found.fault, e.found.message)
}

type clock interface {
	now() float64 // seconds from a point of its own
	sleep(seconds float64)
	jitter() float64 // 0 to 1
}

type systemClock struct{ began time.Time }

func (c systemClock) now() float64 { return time.Since(c.began).Seconds() }
func (c systemClock) sleep(seconds float64) {
	time.Sleep(time.Duration(seconds * float64(time.Second)))
}
func (c systemClock) jitter() float64 { return rand.Float64() }

type service struct {
	api     *unifiedvideo.VideosAPIService
	context context.Context
}

func newService(baseURL, key string) service {
	configuration := unifiedvideo.NewConfiguration()
	configuration.Servers = unifiedvideo.ServerConfigurations{{URL: baseURL}}
	configuration.HTTPClient = &http.Client{
		Timeout: time.Minute,
		// Never followed, so that the key goes nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	authorised := context.WithValue(context.Background(), unifiedvideo.ContextAccessToken, key)
	return service{unifiedvideo.NewAPIClient(configuration).VideosAPI, authorised}
}

func (s service) createOnce(request unifiedvideo.VideoGenerationRequest) reading {
	_, response, err := s.api.CreateVideoGeneration(s.context).VideoGenerationRequest(request).Execute()
	return answered(response, err)
}

func (s service) queryOnce(taskID string) reading {
	_, response, err := s.api.GetVideoGeneration(s.context, taskID).Execute()
	return answered(response, err)
}

// answered reads the body itself: the generated decoder refuses what is not quite as the document says.
func answered(response *http.Response, err error) reading {
	if response == nil {
		var refused *net.OpError
		if errors.As(err, &refused) && refused.Op == "dial" {
			return reading{fault: "not_connected"}
		}
		return reading{fault: "broken"}
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return reading{fault: "broken"}
	}
	return read(response.StatusCode, response.Header, body)
}

// create sends once, and again only what was surely not accepted.
func (s service) create(request unifiedvideo.VideoGenerationRequest, by clock) (string, error) {
	policy := create.Retry
	for attempt := 1; ; attempt++ {
		found := s.createOnce(request)
		row := rowFor(create, found)
		if row.Outcome == "accepted" {
			return taskIDOf(found.task), nil
		}
		if attempt >= policy.Attempts || !mayRetry(create, row, found, "not_accepted", false) {
			return "", &serviceError{row.Error, found, nil}
		}
		pause := math.Min(policy.Cap, policy.Base*math.Pow(policy.Factor, float64(attempt-1)))
		by.sleep(longer(pause*(1+policy.Jitter*by.jitter()), found.retryAfter))
	}
}

func longer(pause float64, retryAfter *float64) float64 {
	if retryAfter == nil {
		return pause
	}
	return math.Max(pause, *retryAfter)
}

// wait asks until the task has ended; x-polling says when. fresh: the task was created just now.
func wait(ask func() reading, timeout float64, fresh bool, by clock, onUpdate func(*task)) (*task, error) {
	policy, began, missing := query.Polling, by.now(), 0
	var seen *task
	for poll := 0; ; poll++ {
		found := ask()
		row := rowFor(query, found)
		isFresh := fresh && by.now()-began < policy.Fresh
		if row.Outcome == "answered" {
			seen = taskOf(found.task)
			onUpdate(seen)
		} else if row.outcome(isFresh) != "transient" {
			return seen, &serviceError{row.Error, found, seen}
		}
		left := began + timeout - by.now()
		if seen != nil && seen.State == succeeded && !seen.Done {
			missing++
		}
		if seen != nil && seen.Done || missing > policy.MissingPatience || left <= 0 {
			return ended(seen, found)
		}
		pause := policy.Pauses[minimum(poll, len(policy.Pauses)-1)] * (1 + policy.Jitter*by.jitter())
		by.sleep(math.Min(longer(pause, found.retryAfter), left))
	}
}

func minimum(one, other int) int {
	if one < other {
		return one
	}
	return other
}

func ended(seen *task, found reading) (*task, error) {
	switch {
	case seen == nil || (!seen.Done && seen.State != succeeded):
		return seen, &serviceError{"WaitTimeout", found, seen}
	case !seen.Done:
		return seen, &serviceError{"ResultMissing", found, seen}
	case seen.State != succeeded:
		return seen, &serviceError{"TaskFailed", found, seen}
	}
	return seen, nil
}

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// downloadError bears the document's class of error as its kind.
type downloadError struct{ kind, reason string }

func (e *downloadError) Error() string { return e.kind + ": " + e.reason }

// part is a file that is not whole yet.
type part struct {
	file      *os.File
	size      int64
	validator string // what tells this file from another one at the same place
	announced int64
}

func (p *part) restart(validator string, announced int64) error {
	p.size, p.validator, p.announced = 0, validator, announced
	return p.file.Truncate(0)
}

func (p *part) Write(chunk []byte) (int, error) {
	count, err := p.file.WriteAt(chunk, p.size)
	p.size += int64(count)
	return count, err
}

// fetching is one download. The link leads to another host: no key goes there.
type fetching struct {
	send    http.RoundTripper // it follows no redirect
	newLink func() string     // asks the task again; "" for none
	by      clock
	part    *part
}

// download fetches the file as x-download says: resumed, checked, and under its name only when it is whole.
func download(link, path string, send http.RoundTripper, newLink func() string, by clock) error {
	file, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	run := fetching{send, newLink, by, &part{file: file}}
	err = run.tries(link)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

type attempt struct {
	row        row
	reason     string
	retryAfter *float64
	failed     error // of this machine's disk
}

func (f *fetching) tries(link string) error {
	policy, queries := query.Retry, 0
	for number := 1; ; {
		found := f.once(link)
		if found.failed != nil || found.row.Outcome == "received" {
			return found.failed
		}
		if found.row.Outcome == "link_expired" && queries < query.Download.QueriesForNewLink {
			queries++
			if link = f.newLink(); link != "" {
				continue
			}
		}
		mayTry := found.row.Outcome == "transient" || found.row.Outcome == "restart"
		isLong := found.retryAfter != nil && *found.retryAfter > policy.LongestRetryAfter
		if !mayTry || isLong || number >= policy.Attempts {
			return &downloadError{found.row.Error, found.reason}
		}
		if found.row.Outcome == "restart" {
			if err := f.part.restart("", -1); err != nil {
				return err
			}
		}
		pause := math.Min(policy.Cap, policy.Base*math.Pow(policy.Factor, float64(number-1)))
		f.by.sleep(longer(pause*(1+policy.Jitter*f.by.jitter()), found.retryAfter))
		number++
	}
}

func (f *fetching) once(link string) attempt {
	for redirects := 0; ; redirects++ {
		request, err := http.NewRequest(http.MethodGet, link, nil)
		if err != nil {
			return attempt{row: mediaRow("refused"), reason: err.Error()}
		}
		request.Header.Set("Accept-Encoding", "identity")
		if f.part.size > 0 && f.part.validator != "" {
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-", f.part.size))
			request.Header.Set("If-Range", f.part.validator)
		}
		response, err := f.send.RoundTrip(request)
		if err != nil {
			return attempt{row: mediaRow("broken"), reason: "no answer"}
		}
		defer response.Body.Close()
		row := mediaRowFor(response.StatusCode)
		if row.Outcome == "received" {
			return f.take(response)
		}
		if row.Outcome != "redirected" {
			return attempt{row: row, reason: response.Status, retryAfter: retryAfter(response.Header)}
		}
		next, err := request.URL.Parse(response.Header.Get("Location"))
		if err != nil || response.Header.Get("Location") == "" || redirects >= query.Download.MostRedirects || isWorse(request.URL, next) {
			return attempt{row: mediaRow("refused"), reason: "a redirect that is not followed"}
		}
		link = next.String()
	}
}

func isWorse(from, to *url.URL) bool {
	return (to.Scheme != "http" && to.Scheme != "https") || (from.Scheme == "https" && to.Scheme == "http")
}

func mediaRowFor(status int) row {
	for _, one := range query.Download.Outcomes {
		if one.Fault == "" && one.statusFits(strconv.Itoa(status)) {
			return one
		}
	}
	return mediaRow("refused")
}

// mediaRow gives the row of a fault, or the first one with this outcome.
func mediaRow(name string) row {
	for _, one := range query.Download.Outcomes {
		if one.Fault == name || (one.Fault == "" && one.Outcome == name) {
			return one
		}
	}
	panic("the document has no row " + name)
}

func (f *fetching) take(response *http.Response) attempt {
	validator := validatorOf(response.Header)
	if response.StatusCode != http.StatusPartialContent {
		if err := f.part.restart(validator, response.ContentLength); err != nil {
			return attempt{failed: err}
		}
	} else if validator != f.part.validator || !strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", f.part.size)) {
		return attempt{row: mediaRow("restart"), reason: "a part of another file"}
	}
	var disk *os.PathError
	if _, err := io.Copy(f.part, response.Body); errors.As(err, &disk) {
		return attempt{failed: err}
	} else if err != nil || f.part.size < f.part.announced {
		return attempt{row: mediaRow("broken"), reason: "the end is missing"}
	}
	if wrong := mp4Fault(f.part.file, f.part.size); wrong != "" {
		return attempt{row: mediaRow("refused"), reason: wrong}
	}
	return attempt{row: mediaRow("received")}
}

// validatorOf: a weak ETag does not tell one byte from another.
func validatorOf(header http.Header) string {
	if tag := header.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return header.Get("Last-Modified")
}

// mp4Fault: "" where the top-level boxes are whole, end with the file, and have moov among them.
func mp4Fault(file io.ReaderAt, size int64) string {
	hasMoov := false
	for at := int64(0); at < size; {
		head := make([]byte, 16)
		count, _ := file.ReadAt(head, at)
		if count < 8 {
			return "the last box is cut"
		}
		length := int64(binary.BigEndian.Uint32(head))
		if length == 0 {
			length = size - at
		} else if length == 1 && count == 16 {
			length = int64(binary.BigEndian.Uint64(head[8:]))
		}
		if length < 8 || length > size-at {
			return "it is no mp4, or its end is missing"
		}
		hasMoov = hasMoov || string(head[4:8]) == "moov"
		at += length
	}
	if !hasMoov {
		return "it has no moov, so it is no video"
	}
	return ""
}

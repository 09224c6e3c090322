package wshar

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrNoWebSocket is the error of Read for a file without a WebSocket.
var ErrNoWebSocket = errors.New(`the file has no WebSocket connection (no entry with "_resourceType": "websocket")`)

// Read reads the WebSocket connections of a file; entries of other types are
// left out. It reads what Chromium's DevTools and Playwright write, whose times
// are in seconds and in milliseconds: a time over 1e11 is taken for
// milliseconds.
//
// A message without time, opcode or data is counted in Connection.Skipped. An
// error names the entry and the message, from 0, and what is wrong with it.
func Read(r io.Reader) ([]*Connection, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var raw struct {
		Log *struct {
			Entries []json.RawMessage `json:"entries"`
		} `json:"log"`
	}
	// A byte order mark is allowed by HAR 1.2.
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\uFEFF")), &raw); err != nil {
		return nil, fmt.Errorf("not a HAR file: %w", err)
	}
	if raw.Log == nil {
		return nil, errors.New(`not a HAR file: it has no "log"`)
	}
	var all []*Connection
	for i, data := range raw.Log.Entries {
		c, err := readEntry(data)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		if c != nil {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil, ErrNoWebSocket
	}
	return all, nil
}

// readEntry returns nil for an entry that is no WebSocket, whatever it is.
func readEntry(data []byte) (*Connection, error) {
	var typ struct {
		ResourceType any `json:"_resourceType"`
	}
	if err := json.Unmarshal(data, &typ); err != nil || typ.ResourceType != resourceType {
		return nil, err
	}
	var e entry
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	started, err := time.Parse(time.RFC3339Nano, e.Started)
	if err != nil {
		return nil, fmt.Errorf("startedDateTime is %q, which is no time of ISO 8601", e.Started)
	}
	c := &Connection{
		URL: e.Request.URL, Started: started, Duration: time.Duration(e.Time * float64(time.Millisecond)),
		HTTPVersion: e.Request.HTTPVersion, Request: e.Request.Headers, Response: e.Response.Headers,
		Status: e.Response.Status, StatusText: e.Response.StatusText, ServerAddr: e.ServerAddr,
	}
	for i, m := range e.Messages {
		if m.Time == nil || m.Opcode == nil || m.Data == nil {
			c.Skipped++
			continue
		}
		decoded, err := m.decode()
		if err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
		c.Messages = append(c.Messages, decoded)
	}
	return c, nil
}

// noSeconds is more seconds than any time has, and fewer milliseconds than any
// since 1973.
const noSeconds = 1e11

func (m *message) decode() (Message, error) {
	at, err := strconv.ParseFloat(m.Time.String(), 64)
	if err != nil || at < 0 || at >= noSeconds*1e3 {
		return Message{}, fmt.Errorf("its time %s is no number of seconds since 1970", *m.Time)
	}
	if at >= noSeconds {
		at /= 1e3
	}
	switch m.Type {
	case Send, Receive, Error:
	default:
		return Message{}, fmt.Errorf("its type is %q: want send, receive or error", m.Type)
	}
	data := []byte(*m.Data)
	if *m.Opcode == OpBinary {
		if data, err = base64.StdEncoding.DecodeString(*m.Data); err != nil {
			return Message{}, fmt.Errorf("its data is not base64, as that of a binary message must be: %w", err)
		}
	} else if *m.Opcode != OpText { // some write the payload of a ping as it is
		if b, err := base64.StdEncoding.DecodeString(*m.Data); err == nil {
			data = b
		}
	}
	return Message{Kind: m.Type, Time: time.UnixMicro(int64(math.Round(at * 1e6))), Opcode: *m.Opcode, Data: data}, nil
}

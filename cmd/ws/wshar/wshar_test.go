package wshar

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sample is a connection with one message of each kind.
func sample() *Connection {
	at := time.UnixMicro(1_700_000_000_123_456)
	return &Connection{
		URL: "wss://example.com/chat?room=a%20b&x", Started: time.UnixMilli(1_700_000_000_100).UTC(), Duration: 1500 * time.Millisecond,
		HTTPVersion: "HTTP/1.1", Request: []Field{{"Host", "example.com"}}, Response: []Field{{"Upgrade", "websocket"}},
		Status: 101, StatusText: "Switching Protocols", ServerAddr: "192.0.2.1",
		Messages: []Message{
			{Send, at, OpText, []byte("<hällo> & \"you\"\n")},
			{Receive, at.Add(time.Microsecond), OpBinary, []byte{0, 1, 0xFE, 0xFF}},
			{Receive, at.Add(time.Second), OpText, []byte{}},
			{Error, at.Add(2 * time.Second), OpText, []byte("lost")},
		},
	}
}

func TestWriteThenRead(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Creator{"test", "1"}, sample()); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b)
	if err != nil || len(got) != 1 {
		t.Fatalf("Read = %v, %v", got, err)
	}
	for i := range got[0].Messages {
		if !got[0].Messages[i].Time.Equal(sample().Messages[i].Time) {
			t.Errorf("message %d at %v, want %v", i, got[0].Messages[i].Time, sample().Messages[i].Time)
		}
		got[0].Messages[i].Time = sample().Messages[i].Time
	}
	if !reflect.DeepEqual(got[0], sample()) {
		t.Errorf("read\n%+v, want\n%+v", got[0], sample())
	}
}

// The form that Chromium 156 imports: anything else it skips silently, or
// refuses the whole file.
func TestForm(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Creator{"test", "1"}, sample()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"version": "1.2"`, `"_resourceType": "websocket"`, `"time": 1700000000.123456,`, `"type": "send"`, `"opcode": 1,`,
		`"data": "<hällo> & \"you\"\n"`, `"data": "AAH+/w=="`, `"startedDateTime": "2023-11-14T22:13:20.100Z"`,
		`"name": "room",`, `"value": "a b"`, `"cache": {}`, `"cookies": []`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the file lacks %s:\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "null") {
		t.Errorf("the file has a null:\n%s", &b)
	}
}

func TestWriteNothing(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Creator{"test", "1"}, &Connection{}); err != nil || strings.Contains(b.String(), "null") || !json.Valid(b.Bytes()) {
		t.Errorf("an empty connection: %v\n%s", err, &b)
	}
}

// har is a file with one WebSocket whose messages are these.
func har(messages string) string {
	return `{"log": {"entries": [{"_resourceType": "script", "startedDateTime": 7},
		{"_resourceType": "websocket", "startedDateTime": "2023-11-14T22:13:20Z", "request": {"url": "ws://h/"}, "_webSocketMessages": [` +
		messages + `]}]}}`
}

func TestReadOthers(t *testing.T) {
	for _, c := range []struct {
		name, messages string
		want           []Message
		skipped        int
	}{
		{"Playwright's milliseconds", `{"type": "send", "time": 1700000000123.5, "opcode": 1, "data": "a"}`,
			[]Message{{Send, time.UnixMicro(1_700_000_000_123_500), OpText, []byte("a")}}, 0},
		{"what DevTools skips", `{"type": "send", "opcode": 1, "data": "a"}, {"type": "send", "time": 1, "data": "a"}, {"type": "send", "time": 1, "opcode": 1}`,
			nil, 3},
		{"a ping as text", `{"type": "receive", "time": 1, "opcode": 9, "data": "!"}`,
			[]Message{{Receive, time.Unix(1, 0), OpPing, []byte("!")}}, 0},
		{"a ping as base64", `{"type": "receive", "time": 1.5, "opcode": 9, "data": "aGk="}`,
			[]Message{{Receive, time.UnixMilli(1500), OpPing, []byte("hi")}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(strings.NewReader("\uFEFF" + har(c.messages)))
			if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0].Messages, c.want) || got[0].Skipped != c.skipped {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"no JSON", "GET /", "not a HAR file: invalid character"},
		{"another JSON", `{"a": 1}`, `it has no "log"`},
		{"a time that is a word", har(`{"type": "send", "time": "now", "opcode": 1, "data": "a"}`), "entry 1: "},
		{"a time before 1970", har(`{"type": "send", "time": -1, "opcode": 1, "data": "a"}`), "message 0: its time -1"},
		{"another type", har(`{"type": "sent", "time": 1, "opcode": 1, "data": "a"}`), `message 0: its type is "sent"`},
		{"no base64", har(`{"type": "send", "time": 1, "opcode": 2, "data": "!"}`), "message 0: its data is not base64"},
		{"no date", strings.Replace(har(""), "2023", "last year", 1), "startedDateTime"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Read(strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Read = %v, want %q in it", err, c.want)
			}
		})
	}
	if _, err := Read(strings.NewReader(`{"log": {"entries": [{"_resourceType": "WebSocket"}]}}`)); !errors.Is(err, ErrNoWebSocket) {
		t.Errorf("another spelling of the type: %v, want ErrNoWebSocket", err)
	}
}

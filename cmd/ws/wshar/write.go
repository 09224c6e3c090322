package wshar

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Write writes a file with these connections, indented by two spaces.
func Write(w io.Writer, by Creator, connections ...*Connection) error {
	f := file{Log: log{Version: "1.2", Creator: by, Entries: make([]entry, 0, len(connections))}}
	for _, c := range connections {
		f.Log.Entries = append(f.Log.Entries, c.entry())
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(f)
}

// resourceType is what DevTools takes for a WebSocket, and nothing else.
const resourceType = "websocket"

func (c *Connection) entry() entry {
	version := c.HTTPVersion
	if version == "" {
		version = "HTTP/1.1"
	}
	took := milliseconds(c.Duration)
	messages := make([]message, 0, len(c.Messages))
	for _, m := range c.Messages {
		messages = append(messages, m.encode())
	}
	return entry{
		ResourceType: resourceType,
		Messages:     messages,
		Started:      c.Started.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		Time:         took,
		Request: request{
			Method: "GET", URL: c.URL, HTTPVersion: version, Headers: fields(c.Request),
			QueryString: query(c.URL), Cookies: []Field{}, HeadersSize: -1, BodySize: 0,
		},
		Response: response{
			Status: c.Status, StatusText: c.StatusText, HTTPVersion: version, Headers: fields(c.Response),
			Cookies: []Field{}, Content: content{MimeType: "x-unknown"}, HeadersSize: -1, BodySize: -1,
		},
		Timings:    timings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1, Receive: took},
		ServerAddr: c.ServerAddr,
	}
}

func (m *Message) encode() message {
	data := string(m.Data)
	if m.Opcode != OpText {
		data = base64.StdEncoding.EncodeToString(m.Data)
	}
	at := json.Number(strconv.FormatFloat(float64(m.Time.UnixMicro())/1e6, 'f', 6, 64))
	opcode := m.Opcode
	return message{Type: m.Kind, Time: &at, Opcode: &opcode, Data: &data}
}

func milliseconds(d time.Duration) float64 { return math.Round(float64(d)/1e3) / 1e3 }

// fields is f, which must not be null in the file.
func fields(f []Field) []Field {
	if f == nil {
		return []Field{}
	}
	return f
}

// query returns the parameters of a URL. A value that cannot be decoded stands
// as it is.
func query(rawURL string) []Field {
	list := []Field{}
	_, raw, _ := strings.Cut(rawURL, "?")
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		list = append(list, Field{decoded(name), decoded(value)})
	}
	return list
}

func decoded(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}

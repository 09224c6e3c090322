package session

import (
	"reflect"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

var commands = []Command{
	{Op: StopFlood, Data: []byte{}},
	{Op: Connect, URL: "wss://example.com/?a=b", Subprotocols: []string{"chat", "", "x"}, Data: []byte{}},
	{Op: Send, Type: api.MessageBinary, Data: []byte{0, 255, 7}},
	{Op: Close, Code: 4999, Reason: "bye 水", Size: MaxSize, Window: -1, Data: []byte{}},
}

var updates = []Update{
	{State: Idle},
	{State: Closed, Detail: "why", Failed: true, Flooding: true, Paused: true, Skipped: 7},
	{
		State: Open,
		Lines: []Line{
			{Kind: Received, At: time.Unix(1700000000, 123456789), Text: "x\n水", Type: api.MessageText, Size: 5, Latency: time.Millisecond},
			{Kind: Note, At: time.Unix(0, 0), Text: ""},
		},
		Sample: &Sample{
			At: 1, Span: 2, Sent: 3, Received: 4, SentBytes: 5, ReceivedBytes: 6, Echoes: 7,
			Median: 8, Worst: 9, Buffered: 10, Unread: 1 << 40, InFlight: 12,
		},
	},
}

// There and back nothing is lost, no beginning of it is taken for the whole,
// and nothing may follow.
func testForm[T any](t *testing.T, all []T, appendTo func([]byte, T) []byte, parse func([]byte) (T, error)) {
	for _, want := range all {
		p := appendTo([]byte("before"), want)[len("before"):]
		if got, err := parse(p); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		for i := range p {
			if _, err := parse(p[:i:i]); err == nil {
				t.Errorf("%+v: %d of %d bytes were taken for the whole", want, i, len(p))
			}
		}
		if _, err := parse(append(p, 0)); err == nil {
			t.Errorf("%+v: a byte too many was taken", want)
		}
	}
}

func TestCommandForm(t *testing.T) { testForm(t, commands, AppendCommand, ParseCommand) }
func TestUpdateForm(t *testing.T)  { testForm(t, updates, AppendUpdate, ParseUpdate) }

// Lengths are not believed: none makes the reader allocate more than there is.
func TestFormWithWrongLengths(t *testing.T) {
	huge := writer{}
	huge.int(1 << 60)
	minus := writer{}
	minus.int(-1)
	for _, p := range [][]byte{huge, minus, nil, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
		if _, err := ParseUpdate(p); err == nil {
			t.Errorf("% x was taken", p)
		}
	}
}

func FuzzForms(f *testing.F) {
	for _, c := range commands {
		f.Add(AppendCommand(nil, c))
	}
	for _, u := range updates {
		f.Add(AppendUpdate(nil, u))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if c, err := ParseCommand(p); err == nil {
			if again, err := ParseCommand(AppendCommand(nil, c)); err != nil || !reflect.DeepEqual(again, c) {
				t.Errorf("%+v came back as %+v, %v", c, again, err)
			}
		}
		if u, err := ParseUpdate(p); err == nil {
			if again, err := ParseUpdate(AppendUpdate(nil, u)); err != nil || !reflect.DeepEqual(again, u) {
				t.Errorf("%+v came back as %+v, %v", u, again, err)
			}
		}
	})
}

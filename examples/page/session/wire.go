package session

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/twinws/ws/api"
)

// The form in bytes: each field in its order, numbers as varints, and before
// strings and lists their length. Both sides are the same program, so there are
// no versions.

// AppendCommand appends c's form in bytes to dst.
func AppendCommand(dst []byte, c Command) []byte {
	w := writer(dst)
	w.int(int64(c.Op))
	w.string(c.URL)
	w.int(int64(len(c.Subprotocols)))
	for _, p := range c.Subprotocols {
		w.string(p)
	}
	w.int(int64(c.Type))
	w.string(string(c.Data))
	w.int(int64(c.Size))
	w.int(int64(c.Window))
	w.int(int64(c.Code))
	w.string(c.Reason)
	return w
}

// ParseCommand reads what AppendCommand wrote, and nothing after it.
func ParseCommand(src []byte) (Command, error) {
	r := reader{rest: src}
	c := Command{Op: Op(r.int()), URL: r.string()}
	for range r.length() {
		c.Subprotocols = append(c.Subprotocols, r.string())
	}
	c.Type = api.MessageType(r.int())
	c.Data = []byte(r.string())
	c.Size, c.Window = int(r.int()), int(r.int())
	c.Code, c.Reason = api.StatusCode(r.int()), r.string()
	return c, r.end()
}

// AppendUpdate appends u's form in bytes to dst.
func AppendUpdate(dst []byte, u Update) []byte {
	w := writer(dst)
	w.string(string(u.State))
	w.string(u.Detail)
	w.bool(u.Failed)
	w.bool(u.Flooding)
	w.bool(u.Paused)
	w.int(int64(u.Skipped))
	w.int(int64(len(u.Lines)))
	for _, l := range u.Lines {
		w.int(int64(l.Kind))
		w.int(l.At.UnixNano())
		w.string(l.Text)
		w.int(int64(l.Type))
		w.int(int64(l.Size))
		w.int(int64(l.Latency))
	}
	w.bool(u.Sample != nil)
	if u.Sample != nil {
		for _, n := range u.Sample.numbers() {
			w.int(n)
		}
	}
	return w
}

// ParseUpdate reads what AppendUpdate wrote, and nothing after it.
func ParseUpdate(src []byte) (Update, error) {
	r := reader{rest: src}
	u := Update{
		State: State(r.string()), Detail: r.string(),
		Failed: r.bool(), Flooding: r.bool(), Paused: r.bool(),
		Skipped: int(r.int()),
	}
	for range r.length() {
		u.Lines = append(u.Lines, Line{
			Kind: Kind(r.int()), At: time.Unix(0, r.int()), Text: r.string(),
			Type: api.MessageType(r.int()), Size: int(r.int()), Latency: time.Duration(r.int()),
		})
	}
	if r.bool() {
		u.Sample = r.sample()
	}
	return u, r.end()
}

// numbers are a sample's fields, in the order that reader.sample takes them.
func (s *Sample) numbers() [12]int64 {
	return [...]int64{
		int64(s.At), int64(s.Span),
		int64(s.Sent), int64(s.Received), s.SentBytes, s.ReceivedBytes,
		int64(s.Echoes), int64(s.Median), int64(s.Worst),
		s.Buffered, s.Unread, int64(s.InFlight),
	}
}

func (r *reader) sample() *Sample {
	return &Sample{
		At: time.Duration(r.int()), Span: time.Duration(r.int()),
		Sent: int(r.int()), Received: int(r.int()), SentBytes: r.int(), ReceivedBytes: r.int(),
		Echoes: int(r.int()), Median: time.Duration(r.int()), Worst: time.Duration(r.int()),
		Buffered: r.int(), Unread: r.int(), InFlight: int(r.int()),
	}
}

// writer appends values.
type writer []byte

func (w *writer) int(n int64) { *w = binary.AppendVarint(*w, n) }

func (w *writer) string(s string) {
	w.int(int64(len(s)))
	*w = append(*w, s...)
}

func (w *writer) bool(b bool) {
	n := int64(0)
	if b {
		n = 1
	}
	w.int(n)
}

var errForm = errors.New("session: these bytes are no command and no update")

// reader takes values. After the first that is not there, it returns zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.rest, r.bad = nil, true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// length is of what follows: each element takes a byte at least.
func (r *reader) length() int {
	n := r.int()
	if n < 0 || n > int64(len(r.rest)) {
		r.rest, r.bad = nil, true
		return 0
	}
	return int(n)
}

func (r *reader) string() string {
	n := r.length()
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

func (r *reader) bool() bool { return r.int() != 0 }

// end reports whether all was there, and nothing more.
func (r *reader) end() error {
	if r.bad || len(r.rest) > 0 {
		return errForm
	}
	return nil
}

//go:build !js

package wsnet_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wsnet"
)

// The bytes of messages of all sizes, empty ones among them, are one stream.
func TestReadAcrossMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageBinary)
		want := random(300 << 10)
		defer start(func() {
			rest := want
			for _, n := range []int{0, 1, 0, 0, 2, 125, 126, 65535, 65536, 0, 1, len(want)} {
				n = min(n, len(rest))
				if err := peer.Write(t.Context(), ws.MessageBinary, rest[:n]); err != nil {
					t.Error(err)
				}
				rest = rest[n:]
			}
			if err := peer.Close(ws.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})()
		if n, err := c.Read(nil); n != 0 || err != nil {
			t.Errorf("Read of nothing returned %d, %v", n, err)
		}
		got, err := io.ReadAll(struct{ io.Reader }{c})
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("read %d bytes, %v; want %d", len(got), err, len(want))
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("after io.EOF: %d, %v", n, err)
		}
	})
}

// Write sends messages of the stream's type, of at most 32 KiB, and no empty
// ones.
func TestMessages(t *testing.T) {
	for _, typ := range []ws.MessageType{ws.MessageBinary, ws.MessageText} {
		synctest.Test(t, func(t *testing.T) {
			c, peer := pair(t, typ)
			want := bytes.Repeat([]byte("x"), 100_000)
			defer start(func() {
				if n, err := c.Write(nil); n != 0 || err != nil {
					t.Errorf("Write of nothing returned %d, %v", n, err)
				}
				if n, err := c.Write(want); n != len(want) || err != nil {
					t.Errorf("Write returned %d, %v", n, err)
				}
				c.Close()
			})()
			var sizes []int
			for {
				got, p, err := peer.Read(t.Context())
				if err != nil {
					if api.CloseStatus(err) != ws.StatusNormalClosure {
						t.Error(err)
					}
					break
				}
				if got != typ {
					t.Errorf("a %v message", got)
				}
				sizes = append(sizes, len(p))
			}
			if len(sizes) != 4 || sizes[0] != 32<<10 || sizes[1] != 32<<10 || sizes[2] != 32<<10 || sizes[3] != 100_000-96<<10 {
				t.Errorf("messages of %d bytes", sizes)
			}
		})
	}
}

// RFC 6455 section 7.4.1: 1000 and 1001 say that the peer has nothing more to
// send. Everything else may have cut the stream short.
func TestEnds(t *testing.T) {
	for code, want := range map[ws.StatusCode]error{
		1000: io.EOF, 1001: io.EOF, 1005: ws.ErrClosed, 1011: ws.ErrClosed, 1012: ws.ErrClosed, 4000: ws.ErrClosed, 1006: ws.ErrClosed,
	} {
		t.Run(code.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, peer := pair(t, ws.MessageBinary)
				defer start(func() {
					peer.Write(t.Context(), ws.MessageBinary, []byte("hello"))
					if code == ws.StatusAbnormalClosure {
						peer.CloseNow()
						return
					}
					if err := peer.Close(code, ""); err != nil {
						t.Error(err)
					}
				})()
				p := make([]byte, 5)
				if _, err := io.ReadFull(c, p); err != nil {
					t.Fatal(err)
				}
				n, err := c.Read(p)
				if n != 0 || !errors.Is(err, want) || (err == io.EOF) != (want == io.EOF) {
					t.Errorf("Read returned %d, %v; want %v", n, err, want)
				}
				if want != io.EOF && api.CloseStatus(err) != code {
					t.Errorf("the code is %v", api.CloseStatus(err))
				}
				if _, err := c.Write(p); !errors.Is(err, ws.ErrClosed) {
					t.Errorf("Write returned %v", err)
				}
				first := c.Close()
				if code != ws.StatusAbnormalClosure && first != nil {
					t.Errorf("Close: %v", first)
				}
				if second := c.Close(); second != first {
					t.Errorf("Close: %v, and again: %v", first, second)
				}
			})
		})
	}
}

// A message of the other type is not part of the stream (RFC 6455 section
// 7.4.1: 1003).
func TestOtherType(t *testing.T) {
	for _, typ := range []ws.MessageType{ws.MessageBinary, ws.MessageText} {
		other := ws.MessageBinary + ws.MessageText - typ
		t.Run(other.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, peer := pair(t, typ)
				seen := make(chan error, 1)
				defer start(func() {
					peer.Write(t.Context(), other, []byte("stray"))
					_, _, err := peer.Read(t.Context())
					seen <- err
				})()
				for range 2 {
					_, err := c.Read(make([]byte, 10))
					e, ok := errors.AsType[*wsnet.MessageTypeError](err)
					if !ok || e.Got != other || e.Want != typ || !errors.Is(err, ws.ErrClosed) {
						t.Errorf("Read returned %v", err)
					}
				}
				if _, err := c.Write([]byte("x")); !errors.Is(err, ws.ErrClosed) {
					t.Errorf("Write returned %v", err)
				}
				if err := c.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
				if err := <-seen; api.CloseStatus(err) != ws.StatusUnsupportedData {
					t.Errorf("the peer saw %v, want 1003", err)
				}
				if _, err := c.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
					t.Errorf("after Close Read returned %v", err)
				}
			})
		})
	}
}

// Text is cut between characters only, wherever the program cuts it (RFC 6455
// section 5.6: each message is valid UTF-8).
func TestTextIsCutBetweenCharacters(t *testing.T) {
	want := strings.Repeat("aß水𝄞", 10_000)
	for _, step := range []int{1, 2, 3, 4, 7, 1000, 32 << 10, 40_000, len(want)} {
		synctest.Test(t, func(t *testing.T) {
			c, peer := pipe(t, ws.MessageText)
			defer start(func() {
				for rest := want; rest != ""; rest = rest[min(step, len(rest)):] {
					p := rest[:min(step, len(rest))]
					if n, err := io.WriteString(c, p); n != len(p) || err != nil {
						t.Errorf("Write returned %d, %v", n, err)
						break
					}
				}
				if err := c.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})()
			got, err := io.ReadAll(peer)
			if err != nil || string(got) != want {
				t.Errorf("in steps of %d: %d bytes, %v; want %d", step, len(got), err, len(want))
			}
		})
	}
}

func TestTextThatIsNone(t *testing.T) {
	for name, writes := range map[string][]string{
		"a byte that never occurs":         {"a\xffb"},
		"a character cut short":            {"\xe6\xb0", "a"},
		"a continuation without beginning": {"\xe6\xb0\xb4", "\xb4"},
		"a surrogate":                      {"\xed", "\xa0"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, peer := pair(t, ws.MessageText)
			go func() { _, _, _ = peer.Read(t.Context()) }()
			var err error
			n := 0
			for _, p := range writes {
				n, err = io.WriteString(c, p)
			}
			if e, ok := errors.AsType[*ws.ArgumentError](err); !ok || e.Name != "p" || n != 0 {
				t.Errorf("%s: Write returned %d, %v", name, n, err)
			}
		})
	}
}

// The beginning of a character waits for the rest, which never comes.
func TestTextCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageText)
		seen := make(chan error, 1)
		defer start(func() {
			_, p, err := peer.Read(t.Context())
			if string(p) != "a" || err != nil {
				t.Errorf("the peer read %q, %v", p, err)
			}
			_, _, err = peer.Read(t.Context())
			seen <- err
		})()
		if n, err := io.WriteString(c, "a\xe6\xb0"); n != 3 || err != nil {
			t.Errorf("Write returned %d, %v", n, err)
		}
		first := c.Close()
		if e, ok := errors.AsType[*ws.ArgumentError](first); !ok || !strings.Contains(e.Problem, "2 bytes") {
			t.Errorf("Close: %v", first)
		}
		if second := c.Close(); second != first {
			t.Errorf("Close again: %v", second)
		}
		if err := <-seen; api.CloseStatus(err) != ws.StatusNormalClosure {
			t.Errorf("the peer saw %v", err)
		}
	})
}

package h2

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
)

// raw writes a frame as it is.
func raw(t http2.FrameType, flags http2.Flags, id uint32, payload string) func(*peer, uint32) {
	return func(p *peer, stream uint32) {
		if id == this {
			id = stream
		}
		p.Write(func(f *http2.Framer) { f.WriteRawFrame(t, flags, id, []byte(payload)) })
	}
}

// this is the number of the stream that is open.
const this = 1<<32 - 1

func set(id http2.SettingID, v uint32) func(*peer, uint32) {
	return func(p *peer, _ uint32) {
		p.Write(func(f *http2.Framer) { f.WriteSettings(http2.Setting{ID: id, Val: v}) })
	}
}

func header(ends bool, fields ...string) func(*peer, uint32) {
	return func(p *peer, id uint32) { p.respond(id, ends, fields...) }
}

// rules are what RFC 9113 demands of a client whose server does something. The
// stream is connected when do is called.
var rules = []struct {
	section, name string
	do            func(p *peer, id uint32)
	conn          bool // a connection error, otherwise a stream error
	code          http2.ErrCode
}{
	{"4.2", "a frame over SETTINGS_MAX_FRAME_SIZE", raw(http2.FrameData, 0, this, strings.Repeat("x", maxFrame+1)), true, http2.ErrCodeFrameSize},
	{"4.3", "a header block that cannot be decoded", raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, this, "\xff\xff\xff\xff\xff\xff\xff"), true, http2.ErrCodeCompression},
	{"4.3", "a header block that ends inside of a field", raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, this, "\x40\x0a"), true, http2.ErrCodeCompression},
	{"5.1", "DATA on an idle stream", raw(http2.FrameData, 0, 99, "x"), true, http2.ErrCodeProtocol},
	{"5.1", "RST_STREAM on an idle stream", raw(http2.FrameRSTStream, 0, 99, "\x00\x00\x00\x08"), true, http2.ErrCodeProtocol},
	{"5.1", "WINDOW_UPDATE on an idle stream", raw(http2.FrameWindowUpdate, 0, 99, "\x00\x00\x00\x08"), true, http2.ErrCodeProtocol},
	{"5.1", "HEADERS on an idle stream", raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 99, "\x88"), true, http2.ErrCodeProtocol},
	{"5.1.1", "HEADERS on a stream of the server's", raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 2, "\x88"), true, http2.ErrCodeProtocol},
	{"5.1", "DATA after END_STREAM", func(p *peer, id uint32) {
		p.data(id, true, "")
		p.data(id, false, "x")
	}, false, http2.ErrCodeStreamClosed},
	{"5.1", "HEADERS after END_STREAM", func(p *peer, id uint32) {
		p.data(id, true, "")
		p.respond(id, false, "x", "y")
	}, false, http2.ErrCodeStreamClosed},
	{"6.1", "DATA on stream 0", raw(http2.FrameData, 0, 0, "x"), true, http2.ErrCodeProtocol},
	{"6.1", "more padding than payload", raw(http2.FrameData, http2.FlagDataPadded, this, "\x02\x00"), true, http2.ErrCodeProtocol},
	{"6.1", "padding without its length", raw(http2.FrameData, http2.FlagDataPadded, this, ""), true, http2.ErrCodeFrameSize},
	{"6.2", "HEADERS on stream 0", raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 0, "\x88"), true, http2.ErrCodeProtocol},
	{"6.4", "RST_STREAM of the wrong size", raw(http2.FrameRSTStream, 0, this, "\x00\x00\x08"), true, http2.ErrCodeFrameSize},
	{"6.4", "RST_STREAM on stream 0", raw(http2.FrameRSTStream, 0, 0, "\x00\x00\x00\x08"), true, http2.ErrCodeProtocol},
	{"6.5", "SETTINGS on a stream", raw(http2.FrameSettings, 0, this, ""), true, http2.ErrCodeProtocol},
	{"6.5", "SETTINGS of the wrong size", raw(http2.FrameSettings, 0, 0, "\x00\x03\x00"), true, http2.ErrCodeFrameSize},
	{"6.5", "an acknowledgment of SETTINGS with a payload", raw(http2.FrameSettings, http2.FlagSettingsAck, 0, "\x00\x03\x00\x00\x00\x01"), true, http2.ErrCodeFrameSize},
	{"6.5.2", "SETTINGS_ENABLE_PUSH=1 from a server", set(http2.SettingEnablePush, 1), true, http2.ErrCodeProtocol},
	{"6.5.2", "SETTINGS_ENABLE_PUSH=2", set(http2.SettingEnablePush, 2), true, http2.ErrCodeProtocol},
	{"6.5.2", "SETTINGS_INITIAL_WINDOW_SIZE over 2^31-1", set(http2.SettingInitialWindowSize, 1<<31), true, http2.ErrCodeFlowControl},
	{"6.5.2", "SETTINGS_MAX_FRAME_SIZE under 2^14", set(http2.SettingMaxFrameSize, 16_383), true, http2.ErrCodeProtocol},
	{"6.5.2", "SETTINGS_MAX_FRAME_SIZE over 2^24-1", set(http2.SettingMaxFrameSize, 1<<24), true, http2.ErrCodeProtocol},
	{"8441/3", "SETTINGS_ENABLE_CONNECT_PROTOCOL=2", set(http2.SettingEnableConnectProtocol, 2), true, http2.ErrCodeProtocol},
	{"8441/3", "SETTINGS_ENABLE_CONNECT_PROTOCOL=0 after 1", set(http2.SettingEnableConnectProtocol, 0), true, http2.ErrCodeProtocol},
	{"6.6", "PUSH_PROMISE", raw(http2.FramePushPromise, http2.FlagPushPromiseEndHeaders, this, "\x00\x00\x00\x02\x88"), true, http2.ErrCodeProtocol},
	{"6.7", "PING of the wrong size", raw(http2.FramePing, 0, 0, "1234567"), true, http2.ErrCodeFrameSize},
	{"6.7", "PING on a stream", raw(http2.FramePing, 0, this, "12345678"), true, http2.ErrCodeProtocol},
	{"6.8", "GOAWAY on a stream", raw(http2.FrameGoAway, 0, this, "12345678"), true, http2.ErrCodeProtocol},
	{"6.9", "WINDOW_UPDATE of 0", raw(http2.FrameWindowUpdate, 0, this, "\x00\x00\x00\x00"), false, http2.ErrCodeProtocol},
	{"6.9", "WINDOW_UPDATE of 0 for the connection", raw(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x00\x00"), true, http2.ErrCodeProtocol},
	{"6.9", "WINDOW_UPDATE of the wrong size", raw(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x01"), true, http2.ErrCodeFrameSize},
	{"6.9.1", "a stream's window over 2^31-1", raw(http2.FrameWindowUpdate, 0, this, "\x7f\xff\xff\xff"), false, http2.ErrCodeFlowControl},
	{"6.9.1", "the connection's window over 2^31-1", raw(http2.FrameWindowUpdate, 0, 0, "\x7f\xff\xff\xff"), true, http2.ErrCodeFlowControl},
	{"6.9.1", "DATA beyond the stream's window", func(p *peer, id uint32) {
		for range 3 { // 16,384 x 2 are allowed
			p.data(id, false, strings.Repeat("x", maxFrame))
		}
	}, false, http2.ErrCodeFlowControl},
	{"6.9.1", "padding counts", func(p *peer, id uint32) {
		for range 2*maxFrame/256 + 1 {
			p.Write(func(f *http2.Framer) {
				f.WriteDataPadded(id, false, []byte(strings.Repeat("x", 200)), make([]byte, 55))
			})
		}
	}, false, http2.ErrCodeFlowControl},
	{"6.9.2", "SETTINGS_INITIAL_WINDOW_SIZE that makes a window exceed 2^31-1", func(p *peer, id uint32) {
		p.Write(func(f *http2.Framer) { f.WriteWindowUpdate(id, maxWindow-initialWindow) })
		set(http2.SettingInitialWindowSize, initialWindow+1)(p, id)
	}, true, http2.ErrCodeFlowControl},
	{"6.10", "CONTINUATION without HEADERS", raw(http2.FrameContinuation, 0, this, ""), true, http2.ErrCodeProtocol},
	{"6.10", "another frame within a header block", func(p *peer, id uint32) {
		raw(http2.FrameHeaders, 0, this, "\x88")(p, id)
		p.data(id, false, "x")
	}, true, http2.ErrCodeProtocol},
	{"6.10", "CONTINUATION of another stream", func(p *peer, id uint32) {
		raw(http2.FrameHeaders, 0, this, "\x88")(p, id)
		raw(http2.FrameContinuation, http2.FlagContinuationEndHeaders, 3, "")(p, id)
	}, true, http2.ErrCodeProtocol},
	{"8.5", "HEADERS on a connected stream", header(true, "grpc-status", "0"), false, http2.ErrCodeProtocol},
	{"10.5", "a flood of PING", func(p *peer, _ uint32) {
		for range burst + 1 {
			p.Write(func(f *http2.Framer) { f.WritePing(false, [8]byte{}) })
		}
	}, true, http2.ErrCodeEnhanceYourCalm},
	{"10.5", "a flood of SETTINGS", func(p *peer, _ uint32) {
		for range burst + 1 {
			p.Write(func(f *http2.Framer) { f.WriteSettings() })
		}
	}, true, http2.ErrCodeEnhanceYourCalm},
	{"10.5", "a flood of empty DATA", func(p *peer, id uint32) {
		for range burst + 1 {
			p.data(id, false, "")
		}
	}, true, http2.ErrCodeEnhanceYourCalm},
	{"10.5", "a flood of PRIORITY", func(p *peer, id uint32) {
		for range burst + 1 {
			raw(http2.FramePriority, 0, this, "\x00\x00\x00\x00\x01")(p, id)
		}
	}, true, http2.ErrCodeEnhanceYourCalm},
	{"10.5", "a flood of unknown frames", func(p *peer, id uint32) {
		for range burst + 1 {
			raw(0xbe, 0, 0, "")(p, id)
		}
	}, true, http2.ErrCodeEnhanceYourCalm},
	{"10.5.1", "endless CONTINUATION", func(p *peer, id uint32) {
		raw(http2.FrameHeaders, 0, this, "\x88")(p, id)
		for range maxContinuations + 1 {
			raw(http2.FrameContinuation, 0, this, "")(p, id)
		}
	}, true, http2.ErrCodeEnhanceYourCalm},
	{"10.5.1", "a long header block", func(p *peer, id uint32) {
		raw(http2.FrameHeaders, 0, this, strings.Repeat("\x88", maxFrame))(p, id)
		for range 4 {
			raw(http2.FrameContinuation, 0, this, strings.Repeat("\x88", maxFrame))(p, id)
		}
	}, true, http2.ErrCodeEnhanceYourCalm},
	{"10.5.1", "a header list that is long when it is decoded", func(p *peer, id uint32) {
		block := p.encode("x", strings.Repeat("y", 3000)) // 10 references are 10 bytes
		block = append(block, bytes.Repeat([]byte{0xbe}, 100)...)
		p.Write(func(f *http2.Framer) {
			f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true})
		})
	}, false, http2.ErrCodeEnhanceYourCalm},
}

// What a server must not do ends the stream or the connection with the code
// that RFC 9113 names, and a typed error says so; after a stream error the
// connection goes on.
func TestRules(t *testing.T) {
	for _, r := range rules {
		t.Run(r.section+" "+r.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig := newRig(t, &Transport{StreamWindow: 2 * maxFrame}, connects)
				nc, p, id := rig.connected()
				go r.do(p, id)
				want := http2.FrameRSTStream
				if r.conn {
					want = http2.FrameGoAway
				}
				var got sent
				for got = range p.frames {
					if got.Type == want {
						break
					}
					switch got.Type {
					case http2.FramePing, http2.FrameSettings, http2.FrameWindowUpdate:
					default:
						t.Fatalf("got %s, want %v with %v", describe(got), want, r.code)
					}
				}
				if got.code() != r.code {
					t.Errorf("got %v with %v, want %v", want, got.code(), r.code)
				}
				_, err := nc.Write([]byte("x"))
				if _, rerr := io.Copy(io.Discard, nc); rerr != nil {
					err = rerr
				}
				streamErr, isStream := errors.AsType[*StreamError](err)
				connErr, isConn := errors.AsType[*ConnError](err)
				switch {
				case r.conn && (!isConn || connErr.Code != r.code || !strings.Contains(err.Error(), "RFC 9113") && !strings.Contains(err.Error(), "RFC 8441")):
					t.Errorf("the error is %v, want a *ConnError with %v and its section", err, r.code)
				case !r.conn && (!isStream || streamErr.Code != r.code || streamErr.Remote):
					t.Errorf("the error is %v, want a *StreamError of this side with %v", err, r.code)
				case errors.Is(err, syscall.ECONNRESET):
					t.Errorf("%v passes for a reset by the peer", err)
				}
				if r.conn {
					<-p.gone
					return
				}
				other, _ := rig.next(p) // the connection goes on, and its header compression
				other.Close()
			})
		})
	}
}

// The connection's own window is checked too, whatever the streams' are.
func TestConnectionWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{ConnWindow: 1 << 20, StreamWindow: 1 << 20}, connects)
		_, p, id := rig.connected()
		// What arrives is returned at once in halves: only DATA on a closed
		// stream could come while nothing is returned. So lower what is left.
		rig.tr.mu.Lock()
		var c *conn
		for c = range rig.tr.live {
		}
		rig.tr.mu.Unlock()
		c.mu.Lock()
		c.room = 100
		c.mu.Unlock()
		p.data(id, false, strings.Repeat("x", 101))
		if got := p.expect(http2.FrameGoAway).code(); got != http2.ErrCodeFlowControl {
			t.Errorf("DATA beyond the connection's window: GOAWAY with %v, want FLOW_CONTROL_ERROR (RFC 9113 section 6.9.1)", got)
		}
	})
}

// The first frame of a server is SETTINGS (RFC 9113 section 3.4).
func TestFirstFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{})
		got := rig.open(context.Background(), "/")
		p := <-rig.peers
		p.Write(func(f *http2.Framer) { f.WritePing(false, [8]byte{}) })
		if got := p.expect(http2.FrameGoAway).code(); got != http2.ErrCodeProtocol {
			t.Errorf("PING before SETTINGS: GOAWAY with %v, want PROTOCOL_ERROR (RFC 9113 section 3.4)", got)
		}
		if x := <-got; !strings.Contains(x.err.Error(), "3.4") {
			t.Errorf("the error is %v, want one that names section 3.4", x.err)
		}
	})
}

// A response that is malformed (RFC 9113 section 8.1.1) resets the stream with
// PROTOCOL_ERROR.
func TestMalformed(t *testing.T) {
	for name, fields := range map[string][]string{
		"no :status":                    {"x", "y"},
		"two :status":                   {":status", "200", ":status", "200"},
		":status after a field":         {"x", "y", ":status", "200"},
		"a status that is no number":    {":status", "2oo"},
		"a status of two digits":        {":status", "99"},
		"a status of four digits":       {":status", "0200"},
		"a pseudo-header of a request":  {":status", "200", ":path", "/"},
		"a name in upper case":          {":status", "200", "X", "y"},
		"a name with a space":           {":status", "200", "x y", "y"},
		"an empty name":                 {":status", "200", "", "y"},
		"a value with NUL":              {":status", "200", "x", "a\x00b"},
		"a value with a line end":       {":status", "200", "x", "a\r\nb: c"},
		"a value that begins with SP":   {":status", "200", "x", " a"},
		"Connection (8.2.2)":            {":status", "200", "connection", "upgrade"},
		"Upgrade (8.2.2)":               {":status", "200", "upgrade", "websocket"},
		"Transfer-Encoding (8.2.2)":     {":status", "200", "transfer-encoding", "chunked"},
		"status 101 (8.6)":              {":status", "101"},
		"a length that is no number":    {":status", "404", "content-length", "-1"},
		"lengths that differ (8.1.1)":   {":status", "404", "content-length", "1", "content-length", "2"},
		"a header list over the limit ": {":status", "200", "x", strings.Repeat("y", 4096)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig := newRig(t, &Transport{MaxHeaderBytes: 4096 + 10}, connects)
				got := rig.open(context.Background(), "/")
				p := <-rig.peers
				id := p.expect(http2.FrameHeaders).StreamID
				p.respond(id, false, fields...)
				want := http2.ErrCodeProtocol
				if strings.Contains(name, "limit") {
					want = http2.ErrCodeEnhanceYourCalm
				}
				if code := p.expect(http2.FrameRSTStream).code(); code != want {
					t.Errorf("RST_STREAM with %v, want %v", code, want)
				}
				x := <-got
				if e, ok := errors.AsType[*StreamError](x.err); !ok || e.Code != want || e.Problem == "" || e.Remote {
					t.Errorf("the error is %v, want a *StreamError that says what is malformed", x.err)
				}
				nc, _ := rig.next(p)
				nc.Close()
			})
		})
	}
}

// DATA before the response is malformed (RFC 9113 section 8.1).
func TestDataBeforeResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{}, connects)
		got := rig.open(context.Background(), "/")
		p := <-rig.peers
		p.data(p.expect(http2.FrameHeaders).StreamID, false, "early")
		if code := p.expect(http2.FrameRSTStream).code(); code != http2.ErrCodeProtocol {
			t.Errorf("RST_STREAM with %v, want PROTOCOL_ERROR", code)
		}
		if x := <-got; x.err == nil {
			t.Error("a stream with DATA before its response was opened")
		}
	})
}

// After both sides ended a stream, more of it is a connection error; after this
// side reset it, what was on its way is ignored (RFC 9113 section 5.1, closed).
func TestClosedStream(t *testing.T) {
	t.Run("ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			rig := newRig(t, &Transport{}, connects)
			nc, p, id := rig.connected()
			p.data(id, true, "")
			io.Copy(io.Discard, nc)
			nc.Close()
			p.expect(http2.FrameData)
			p.data(id, false, "more")
			if code := p.expect(http2.FrameGoAway).code(); code != http2.ErrCodeStreamClosed {
				t.Errorf("GOAWAY with %v, want STREAM_CLOSED", code)
			}
		})
	})
	t.Run("reset", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			rig := newRig(t, &Transport{ConnWindow: initialWindow}, connects)
			nc, p, id := rig.connected()
			nc.(*stream).Abort()
			if code := p.expect(http2.FrameRSTStream).code(); code != http2.ErrCodeCancel {
				t.Errorf("RST_STREAM with %v, want CANCEL (RFC 8441 section 5)", code)
			}
			for range 20 { // more than the connection's window: it is returned
				p.data(id, false, strings.Repeat("x", maxFrame))
				synctest.Wait()
			}
			p.respond(id, false, "late", "field") // in the table of the header compression
			p.Write(func(f *http2.Framer) {
				f.WriteWindowUpdate(id, 1)
				f.WriteRSTStream(id, http2.ErrCodeNo)
			})
			other, _ := rig.next(p)
			other.Close()
		})
	})
}

// A server that demands answers and does not read them cannot make this side
// keep any number of them (RFC 9113 section 10.5), even if it takes its time.
func TestUnreadAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, &Transport{PingAfter: -1}, connects)
		nc, p, _ := rig.connected()
		p.stop()
		defer p.resume()
		for range 100 * burst {
			time.Sleep(time.Second / perSecond)
			if p.Write(func(f *http2.Framer) { f.WritePing(false, [8]byte{}) }); p.ended() {
				break
			}
		}
		_, err := nc.Read(make([]byte, 1))
		if e, ok := errors.AsType[*ConnError](err); !ok || e.Code != http2.ErrCodeEnhanceYourCalm {
			t.Errorf("the error is %v, want a *ConnError with ENHANCE_YOUR_CALM", err)
		}
	})
}

package h3

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/quicvarint"

	"github.com/twinws/ws"
)

// replying returns a server that sends the same to each request.
func replying(t *testing.T, parts ...[]byte) *scripted {
	s := &scripted{request: func(_ int, _ *quic.Conn, q *quic.Stream) {
		q.Write(bytes.Join(parts, nil))
		q.Close()
	}}
	return s.start(t)
}

var ok = answer(":status", "200")

// A refusal is a *HandshakeError with status, header and body.
func TestRefusal(t *testing.T) {
	s := replying(t, frame(0x21, "unknown"), answer(":status", "403", "x-why", "full"), frame(frameData, "the room "), frame(0x21, "unknown"),
		frame(frameData, "is full\n"), answer("x-trailer", "1"))
	e := refused(t, dialer(t, &Transport{}), s.url(), "403 Forbidden")
	if e.Status != 403 || string(e.Body) != "the room is full\n" || len(e.Header["X-Why"]) != 1 {
		t.Errorf("%+v", e)
	}
	long := replying(t, answer(":status", "500"), frame(frameData, strings.Repeat("x", 100_000)))
	if e := refused(t, dialer(t, &Transport{}), long.url(), "500"); len(e.Body) != 1024 {
		t.Errorf("%d bytes of the body", len(e.Body))
	}
}

// RFC 9110 section 15.2, RFC 9114 section 4.1: interim responses are skipped,
// as frames of unknown types are (RFC 9114 section 9).
func TestInterimResponses(t *testing.T) {
	hint := append(answer(":status", "103", "link", "</x>"), frame(1<<40, "unknown")...)
	for n, works := range map[int]bool{0: true, maxInterim: true, maxInterim + 1: false} {
		s := replying(t, bytes.Repeat(hint, n), answer(":status", "204", "x-y", "z"))
		if !works {
			refused(t, dialer(t, &Transport{}), s.url(), "over 8 interim responses")
			continue
		}
		c := dialed1(t, dialer(t, &Transport{}), s.url())
		if got := c.ResponseHeader()["X-Y"]; len(got) != 1 || got[0] != "z" || c.ResponseHeader()["Link"] != nil {
			t.Errorf("the header is %v", c.ResponseHeader())
		}
	}
}

// RFC 9114 section 4.1.2: a malformed response fails the request, and not the
// connection.
func TestMalformedResponse(t *testing.T) {
	d := dialer(t, &Transport{})
	for name, tt := range map[string]struct {
		reply []byte
		says  string
	}{
		"section 4.3.2: no status":           {answer("x-a", "b"), "no :status"},
		"section 4.3: two":                   {answer(":status", "200", ":status", "200"), "a :status"},
		"section 4.3: behind a field":        {answer("x-a", "b", ":status", "200"), "a :status"},
		"RFC 9110 section 15: four digits":   {answer(":status", "2000"), "a :status"},
		"RFC 9110 section 15: a sign":        {answer(":status", "+20"), "a :status"},
		"section 4.5: 101":                   {answer(":status", "101"), "101, which HTTP/3 does not have"},
		"section 4.3: another pseudo-header": {answer(":status", "200", ":path", "/"), `named ":path"`},
		"section 4.2: an upper-case name":    {answer(":status", "200", "X-A", "b"), `named "X-A"`},
		"section 4.2: connection":            {answer(":status", "200", "connection", "upgrade"), `named "connection"`},
		"section 10.3: a name":               {answer(":status", "200", "x a", "b"), `named "x a"`},
		"section 10.3: a value":              {answer(":status", "200", "x-a", "b\r\nc"), "with the value"},
		"RFC 9204 section 2.2: no QPACK":     {frame(frameHeaders, "\x00\x00\xff\xff\xff"), "malformed"},
		"RFC 9204 section 3.2.4: dynamic":    {frame(frameHeaders, "\x02\x00\x80"), "malformed"},
		"its fields are over 64 KiB":         {answer(":status", "200", "x-a", strings.Repeat("\x01", 1)+strings.Repeat("a", 70_000)), "bytes"},
		"no response":                        {nil, "ended the stream before it responded"},
		"an unfinished response":             {ok[:len(ok)-1], "ended the stream before it responded"},
		"an unfinished frame before it":      {frame(0x21, "unknown")[:4], "ended the stream before it responded"},
	} {
		t.Run(name, func(t *testing.T) {
			s := replying(t, tt.reply)
			refused(t, d, s.url(), tt.says)
			c := <-s.conns
			if c.Context().Err() != nil {
				t.Errorf("the connection ended with %v", c.Context().Err())
			}
		})
	}
}

// RFC 9114 sections 4.1, 4.4, 7 and 8: some violations end the connection.
func TestConnectionErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		reply []byte
		code  http3.ErrCode
	}{
		"section 4.1: DATA before HEADERS":          {frame(frameData, "x"), http3.ErrCodeFrameUnexpected},
		"section 7.2.4: SETTINGS":                   {pairs(1, 1), http3.ErrCodeFrameUnexpected},
		"section 7.2.6: GOAWAY":                     {frame(frameGoAway, "\x00"), http3.ErrCodeFrameUnexpected},
		"section 7.2.5: PUSH_PROMISE":               {frame(framePushPromise, "\x00\x00"), http3.ErrCodeIDError},
		"section 7.2.8: of HTTP/2":                  {frame(0x06, "12345678"), http3.ErrCodeFrameUnexpected},
		"section 4.4: HEADERS after CONNECT":        {append(bytes.Clone(ok), answer("x-trailer", "1")...), http3.ErrCodeFrameUnexpected},
		"section 4.4: SETTINGS after CONNECT":       {append(bytes.Clone(ok), pairs()...), http3.ErrCodeFrameUnexpected},
		"section 7.1: the end within DATA":          {append(bytes.Clone(ok), frame(frameData, "\x81\x05hello")[:5]...), http3.ErrCodeFrameError},
		"section 7.1: the end within DATA's header": {append(bytes.Clone(ok), frameData, 0x40), http3.ErrCodeFrameError},
		"section 7.1: within an unknown frame":      {append(bytes.Clone(ok), frame(0x21, "unknown")[:5]...), http3.ErrCodeFrameError},
	} {
		t.Run(name, func(t *testing.T) {
			s := replying(t, tt.reply)
			c, err := dialer(t, &Transport{}).Dial(within(t), s.url())
			if err == nil {
				_, _, err = c.Read(within(t))
			}
			if e, is := errors.AsType[*connectionError](err); !is || e.code != tt.code {
				t.Errorf("error %v, want %s", err, tt.code)
			}
			if code := (<-s.conns).ended(t); code != uint64(tt.code) {
				t.Errorf("the connection ends with %s, want %s", code1(code), tt.code)
			}
		})
	}
}

// RFC 9114 sections 6.2 and 7: violations on the server's other streams.
func TestControlErrors(t *testing.T) {
	control := func(frames ...[]byte) []byte { return append([]byte{streamControl}, bytes.Join(frames, nil)...) }
	for name, tt := range map[string]struct {
		streams [][]byte
		code    http3.ErrCode
	}{
		"section 6.2.1: SETTINGS is not first":   {[][]byte{control(frame(0x21, "x"))}, http3.ErrCodeMissingSettings},
		"section 7.2.4: SETTINGS twice":          {[][]byte{control(pairs(), pairs())}, http3.ErrCodeFrameUnexpected},
		"section 7.2.4: a setting twice":         {[][]byte{control(pairs(8, 1, 8, 1))}, http3.ErrCodeSettingsError},
		"section 7.2.4.1: a setting of HTTP/2":   {[][]byte{control(pairs(4, 65535))}, http3.ErrCodeSettingsError},
		"RFC 8441 section 3: neither 0 nor 1":    {[][]byte{control(pairs(8, 2))}, http3.ErrCodeSettingsError},
		"section 7.1: half a setting":            {[][]byte{control(frame(frameSettings, "\x08"))}, http3.ErrCodeFrameError},
		"4 KiB of settings":                      {[][]byte{control(frame(frameSettings, strings.Repeat("x", 5000)))}, http3.ErrCodeExcessiveLoad},
		"section 7.2.1: DATA":                    {[][]byte{control(pairs(), frame(frameData, ""))}, http3.ErrCodeFrameUnexpected},
		"section 7.2.2: HEADERS":                 {[][]byte{control(pairs(), frame(frameHeaders, ""))}, http3.ErrCodeFrameUnexpected},
		"section 7.2.3: CANCEL_PUSH":             {[][]byte{control(pairs(), frame(frameCancelPush, "\x00"))}, http3.ErrCodeIDError},
		"section 7.2.7: MAX_PUSH_ID":             {[][]byte{control(pairs(), frame(frameMaxPushID, "\x00"))}, http3.ErrCodeFrameUnexpected},
		"section 7.2.6: GOAWAY's ID":             {[][]byte{control(pairs(), frame(frameGoAway, "\x01"))}, http3.ErrCodeIDError},
		"section 5.2: GOAWAY's ID grows":         {[][]byte{control(pairs(), frame(frameGoAway, "\x04"), frame(frameGoAway, "\x08"))}, http3.ErrCodeIDError},
		"section 7.1: GOAWAY is too long":        {[][]byte{control(pairs(), frame(frameGoAway, "\x00\x00"))}, http3.ErrCodeFrameError},
		"section 6.2.1: a second control stream": {[][]byte{control(pairs()), control(pairs())}, http3.ErrCodeStreamCreationError},
		"RFC 9204 section 4.2: a second encoder": {[][]byte{control(pairs()), {2}, {2}}, http3.ErrCodeStreamCreationError},
		"section 6.2.2: a push":                  {[][]byte{control(pairs()), {1}}, http3.ErrCodeIDError},
		"section 6.2.1: the control stream ends": {[][]byte{append(control(pairs()), 'F', 'I', 'N')}, http3.ErrCodeClosedCriticalStream},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := quic.ListenAddr("127.0.0.1:0", serverTLS(alpn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			conns := make(chan *serverConn, 1)
			go func() {
				q, err := l.Accept(within(t))
				if err != nil {
					return
				}
				for _, b := range tt.streams {
					s, _ := q.OpenUniStream()
					b, fin := bytes.CutSuffix(b, []byte("FIN"))
					s.Write(b)
					if fin {
						s.Close()
					}
				}
				conns <- &serverConn{q, nil}
			}()
			go dialer(t, &Transport{}).Dial(within(t), "wss://"+l.Addr().String())
			if code := (<-conns).ended(t); code != uint64(tt.code) {
				t.Errorf("the connection ends with %s, want %s", code1(code), tt.code)
			}
		})
	}
}

// RFC 9114 section 6.2: streams of unknown types are refused and not fatal.
func TestUnknownStream(t *testing.T) {
	s := (&scripted{}).start(t)
	d := dialer(t, &Transport{})
	dialed1(t, d, s.url())
	c := <-s.conns
	other, err := c.OpenUniStream()
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = other.Write(append(quicvarint.Append(nil, 0x54), make([]byte, 1000)...))
	}
	if e, is := errors.AsType[*quic.StreamError](err); !is || e.ErrorCode != quic.StreamErrorCode(http3.ErrCodeStreamCreationError) {
		t.Errorf("it ends with %v", err)
	}
	dialed1(t, d, s.url())
}

// RFC 9114 section 4.2.2: a header that the server does not accept is not sent.
func TestMaxFieldSectionSize(t *testing.T) {
	s := (&scripted{settings: pairs(settingConnect, 1, settingMaxFields, 1000)}).start(t)
	d := dialer(t, &Transport{})
	dialed1(t, d, s.url())
	d.Header = map[string][]string{"X-Long": {strings.Repeat("x", 1000)}}
	refused(t, d, s.url(), "the server accepts 1000 (SETTINGS_MAX_FIELD_SECTION_SIZE)")
	var _ *ws.Dialer = d
}

package h2

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/twinws/ws"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// rig is a Transport whose servers are peers in memory.
type rig struct {
	t      *testing.T
	tr     *Transport
	dialer *ws.Dialer
	peers  chan *peer // the servers, as they are connected to
	first  []http2.Setting
}

// connects are the SETTINGS of a server that has extended CONNECT.
var connects = http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1}

func newRig(t *testing.T, tr *Transport, first ...http2.Setting) *rig {
	tr.PriorKnowledge = true
	r := &rig{t: t, tr: tr, dialer: new(ws.Dialer), peers: make(chan *peer, 100), first: first}
	t.Cleanup(func() { tr.Close() })
	return r
}

// request is what a Dialer would ask for; the headers are pairs.
func (r *rig) request(path string, header ...string) *ws.StreamRequest {
	u := &url.URL{Scheme: "http", Host: "example.com", Path: path}
	req := &http.Request{Method: http.MethodConnect, URL: u, Host: u.Host, Header: http.Header{":protocol": {"websocket"}}}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return &ws.StreamRequest{Request: req, Dialer: r.dialer, Connect: r.connect}
}

func (r *rig) connect(context.Context, ...string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p := newPeer(r.t, theirs)
	r.peers <- p
	if r.first != nil {
		p.Write(func(f *http2.Framer) { f.WriteSettings(r.first...) })
	}
	return ours, nil
}

// result is what OpenStream returned.
type result struct {
	nc  net.Conn
	res *http.Response
	err error
}

// open calls OpenStream on a goroutine.
func (r *rig) open(ctx context.Context, path string) <-chan result {
	got := make(chan result, 1)
	go func() {
		var x result
		x.nc, x.res, x.err = r.tr.OpenStream(ctx, r.request(path))
		got <- x
	}()
	return got
}

// connected returns an open stream, its server and its number.
func (r *rig) connected() (net.Conn, *peer, uint32) {
	r.t.Helper()
	got := r.open(context.Background(), "/")
	p := <-r.peers
	id := p.expect(http2.FrameHeaders).StreamID
	p.respond(id, false, ":status", "200")
	x := <-got
	if x.err != nil {
		r.t.Fatal(x.err)
	}
	return x.nc, p, id
}

// next opens one more stream on p.
func (r *rig) next(p *peer) (net.Conn, uint32) {
	r.t.Helper()
	got := r.open(context.Background(), "/")
	id := p.expect(http2.FrameHeaders).StreamID
	p.respond(id, false, ":status", "200")
	x := <-got
	if x.err != nil {
		r.t.Fatal(x.err)
	}
	return x.nc, id
}

// sent is a frame that a peer has received.
type sent struct {
	http2.FrameHeader
	payload []byte
}

func (f sent) code() http2.ErrCode {
	at := 0
	if f.Type == http2.FrameGoAway {
		at = 4
	}
	return http2.ErrCode(f.payload[at])<<24 | http2.ErrCode(f.payload[at+1])<<16 | http2.ErrCode(f.payload[at+2])<<8 | http2.ErrCode(f.payload[at+3])
}

// peer is a server in memory that does what a test says, and nothing by itself.
type peer struct {
	t      *testing.T
	nc     net.Conn
	frames chan sent     // all that came
	out    chan []byte   // to be written
	gone   chan struct{} // closed when nothing more comes
	enc    *hpack.Encoder
	block  bytes.Buffer
	dec    *hpack.Decoder
	broken chan struct{} // closed when nothing can be written
	paused chan struct{} // while it is full nothing is read
}

func newPeer(t *testing.T, nc net.Conn) *peer {
	p := &peer{t: t, nc: nc, frames: make(chan sent, 1<<16), out: make(chan []byte, 1<<16), gone: make(chan struct{}), broken: make(chan struct{}), paused: make(chan struct{}, 1), dec: hpack.NewDecoder(4096, nil)}
	p.enc = hpack.NewEncoder(&p.block)
	t.Cleanup(func() { nc.Close() })
	go p.read()
	go func() {
		for {
			select {
			case b := <-p.out:
				if _, err := nc.Write(b); err != nil {
					close(p.broken)
					return
				}
			case <-p.gone:
				return
			}
		}
	}()
	return p
}

func (p *peer) read() {
	defer close(p.gone)
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(p.nc, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	fr := http2.NewFramer(nil, p.nc)
	for {
		p.paused <- struct{}{}
		<-p.paused
		h, err := fr.ReadFrameHeader()
		if err != nil {
			return
		}
		f := sent{h, make([]byte, h.Length)}
		if _, err := io.ReadFull(p.nc, f.payload); err != nil {
			return
		}
		p.frames <- f
	}
}

// stop makes p read no more after the next frame, and resume more.
func (p *peer) stop()   { p.paused <- struct{}{} }
func (p *peer) resume() { <-p.paused }

// ended reports whether the client has closed the connection.
func (p *peer) ended() bool {
	select {
	case <-p.broken:
		return true
	case <-p.gone:
		return true
	default:
		return false
	}
}

// Write sends what write writes, also what is illegal.
func (p *peer) Write(write func(f *http2.Framer)) {
	var b bytes.Buffer
	fr := http2.NewFramer(&b, nil)
	fr.AllowIllegalWrites = true
	write(fr)
	p.out <- b.Bytes()
}

// expect returns the next frame of type t. SETTINGS, their acknowledgment, and
// WINDOW_UPDATE are skipped otherwise.
func (p *peer) expect(t http2.FrameType) sent {
	p.t.Helper()
	for {
		var f sent
		select {
		case f = <-p.frames:
		case <-p.gone:
			select {
			case f = <-p.frames:
			default:
				p.t.Fatalf("the connection ended, want %v", t)
			}
		}
		switch {
		case f.Type == t:
			return f
		case f.Type == http2.FrameSettings, f.Type == http2.FrameWindowUpdate:
		default:
			p.t.Fatalf("got %v on stream %d %q, want %v", f.Type, f.StreamID, f.payload, t)
		}
	}
}

// encode returns a header block of pairs.
func (p *peer) encode(fields ...string) []byte {
	p.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(p.block.Bytes())
}

// respond sends a header block.
func (p *peer) respond(id uint32, ends bool, fields ...string) {
	block := p.encode(fields...)
	p.Write(func(f *http2.Framer) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true, EndStream: ends})
	})
}

func (p *peer) data(id uint32, ends bool, data string) {
	p.Write(func(f *http2.Framer) { f.WriteData(id, ends, []byte(data)) })
}

// fields decodes a HEADERS frame.
func (p *peer) fields(f sent) map[string]string {
	got := map[string]string{}
	p.dec.SetEmitFunc(func(f hpack.HeaderField) { got[f.Name] = f.Value })
	if _, err := p.dec.Write(f.payload); err != nil {
		p.t.Fatal(err)
	}
	if err := p.dec.Close(); err != nil {
		p.t.Fatal(err)
	}
	return got
}

// read reads exactly want from nc.
func mustRead(t *testing.T, nc net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v, want %q", got, err, want)
	}
}

func describe(f sent) string { return fmt.Sprintf("%v %d %q", f.Type, f.StreamID, f.payload) }

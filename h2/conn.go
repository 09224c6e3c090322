package h2

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	// maxFrame is the largest frame that this side takes, in bytes of payload
	// (RFC 9113 section 6.5.2: SETTINGS_MAX_FRAME_SIZE).
	maxFrame = 16 << 10
	// maxWindow is the largest flow-control window (section 6.9.1).
	maxWindow = 1<<31 - 1
	// initialWindow is every window before SETTINGS (section 6.9.2).
	initialWindow = 65_535
	// maxStreamID is the last number of a stream (section 5.1.1).
	maxStreamID = 1<<31 - 1
	// readRoom is the size of a connection's buffer for reading.
	readRoom = 2 * maxFrame
	// farewell bounds the sending of GOAWAY.
	farewell = time.Second
)

// conn is a TCP connection with its streams. It has two goroutines: read and
// flush.
//
// Locks, in their order: Transport.mu alone; conn.mu, then stream.in.mu.
type conn struct {
	t    *Transport // constant
	pool *pool      // constant
	nc   net.Conn   // constant
	cfg  settings   // constant

	// Of the goroutine that reads.
	br       *bufio.Reader
	fr       *http2.Framer
	dec      *hpack.Decoder
	allow    allowance
	room     int64 // what the peer may still send
	returned int64 // received, and not yet part of room

	lastRead atomic.Int64  // when bytes came last, by nanos
	settled  chan struct{} // closed when the server's SETTINGS have come
	dead     chan struct{} // closed when the connection has ended

	mu      sync.Mutex
	out     []byte      // protected by mu: frames that wait to be written
	owed    int         // protected by mu: bytes of out that are no DATA
	spare   []byte      // protected by mu: the other buffer of flush
	flusher sync.Cond   // of mu: flush has something to do
	idle    bool        // protected by mu: flush waits
	ready   queue       // protected by mu: streams with bytes to send and a window
	freed   int         // protected by mu: streams that ended, see unlock
	err     *ConnError  // protected by mu: why the connection has ended
	closing bool        // protected by mu: flush is to close the connection
	peer    announced   // protected by mu
	window  int64       // protected by mu: what may be sent
	nextID  uint32      // protected by mu
	ended   recent      // protected by mu
	watch   *time.Timer // protected by mu: runs check
	quiet   int64       // protected by mu: since when there are no streams, by nanos
	pinged  int64       // protected by mu: when the last unanswered ping was sent, or 0

	streams map[uint32]*stream // protected by mu
	goAway  *GoAwayError       // protected by mu

	fw     *http2.Framer // protected by mu: appends to out
	enc    *hpack.Encoder
	encBuf bytes.Buffer

	reserved int // protected by Transport.mu: streams that are open or about to be
	limit    int // protected by Transport.mu: how many the server allows
}

// announced is what the server's SETTINGS say.
type announced struct {
	window  int64  // of a new stream
	frame   int    // the largest
	headers uint64 // the largest header list, 0 for no limit
	connect bool   // SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 section 3)
}

// recent are the last streams that both sides had ended.
type recent struct {
	ids  [64]uint32
	next int
}

func (r *recent) add(id uint32) {
	r.ids[r.next%len(r.ids)] = id
	r.next++
}

func (r *recent) has(id uint32) bool {
	for _, x := range r.ids {
		if x == id {
			return true
		}
	}
	return false
}

var started = time.Now()

// nanos is a monotonic clock, positive in a synctest bubble too.
func nanos() int64 { return 1<<61 + int64(time.Since(started)) }

// appender appends to a conn's out.
type appender struct{ c *conn }

func (a appender) Write(p []byte) (int, error) {
	a.c.out = append(a.c.buffered(), p...)
	a.c.owed += len(p)
	return len(p), nil
}

// heard is the reading half of a conn's network.
type heard struct{ c *conn }

func (h heard) Read(p []byte) (int, error) {
	n, err := h.c.nc.Read(p)
	if n > 0 {
		h.c.lastRead.Store(nanos())
	}
	return n, err
}

// newConn returns a connection on nc, whose preface is about to be written (RFC
// 9113 section 3.4).
func newConn(t *Transport, p *pool, nc net.Conn, cfg settings) *conn {
	c := &conn{
		t: t, pool: p, nc: nc, cfg: cfg, room: cfg.connWindow,
		settled: make(chan struct{}), dead: make(chan struct{}),
		peer: announced{window: initialWindow, frame: maxFrame}, window: initialWindow,
		nextID: 1, streams: map[uint32]*stream{}, limit: 1<<31 - 1,
	}
	c.flusher.L = &c.mu
	c.br = bufio.NewReaderSize(heard{c}, readRoom)
	c.fr = http2.NewFramer(io.Discard, c.br)
	c.fr.SetMaxReadFrameSize(maxFrame)
	c.fr.SetReuseFrames()
	c.dec = hpack.NewDecoder(4096, nil)
	c.fw = http2.NewFramer(appender{c}, nil)
	c.enc = hpack.NewEncoder(&c.encBuf)
	c.lastRead.Store(nanos())

	c.mu.Lock()
	c.quiet = nanos()
	c.out = append(c.buffered(), http2.ClientPreface...)
	c.fw.WriteSettings(
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(cfg.streamWindow)},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: uint32(cfg.headerBytes)},
	)
	if more := cfg.connWindow - initialWindow; more > 0 {
		c.fw.WriteWindowUpdate(0, uint32(more))
	}
	c.watch = time.AfterFunc(time.Hour, c.check)
	c.watch.Stop()
	c.mu.Unlock()
	return c
}

// unlock releases mu, and gives the places of ended streams back.
func (c *conn) unlock() {
	n, over := c.freed, c.drained()
	c.freed = 0
	c.mu.Unlock()
	if n > 0 {
		c.t.release(c, n)
	}
	if over {
		c.fail(&ConnError{Problem: "no stream is left"})
	}
}

// fail ends the connection and its streams because of err, once. The server is
// told if the network is still there.
func (c *conn) fail(err *ConnError) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	if c.goAway != nil && err.lost {
		err.Cause = c.goAway
	}
	c.err = err
	for id, s := range c.streams {
		c.remove(s)
		s.fail(err)
		delete(c.streams, id)
	}
	c.ready = queue{}
	if !err.lost {
		c.fw.WriteGoAway(0, err.Code, []byte(err.Problem))
	}
	c.closing = true
	c.watch.Stop()
	c.flusher.Signal()
	close(c.dead)
	c.unlock()
	c.t.end(c)
	if err.lost {
		abort(c.nc)
	} else {
		time.AfterFunc(farewell, func() { abort(c.nc) })
	}
}

// abort closes nc without TLS's close_notify, which may block.
func abort(nc net.Conn) {
	for {
		t, ok := nc.(*tls.Conn)
		if !ok {
			nc.Close()
			return
		}
		nc = t.NetConn()
	}
}

// remove takes s out of the connection; its place is free. The caller holds mu.
func (c *conn) remove(s *stream) {
	if s.gone {
		return
	}
	s.gone = true
	delete(c.streams, s.id)
	if c.freed++; len(c.streams) == 0 {
		c.quiet = nanos()
		c.rearm()
	}
}

// drained reports whether the connection, whose server opens no more streams,
// has none left. The caller holds mu.
func (c *conn) drained() bool {
	return c.err == nil && len(c.streams) == 0 && (c.goAway != nil || c.nextID > maxStreamID)
}

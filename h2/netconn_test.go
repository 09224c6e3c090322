package h2

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/nettest"
)

// relay is a server that joins pairs of streams with the same path: what one
// sends the other receives.
//
// It is not net/http's, which sends no WINDOW_UPDATE for a stream on which a
// response waits for the window: a program that writes and only then reads
// would not go on.
type relay struct {
	p       *peer
	initial int64 // a stream's window
	window  int64 // the connection's
	lone    map[string]*half
	of      map[uint32]*half
}

// half is one stream of a pair.
type half struct {
	id     uint32
	other  *half
	window int64
	unsent []byte // for this one
	ends   bool   // after unsent
}

func (r *relay) serve() {
	for {
		select {
		case f := <-r.p.frames:
			r.handle(f)
		case <-r.p.gone:
			return
		}
	}
}

func (r *relay) handle(f sent) {
	h := r.of[f.StreamID]
	switch f.Type {
	case http2.FrameSettings:
		for s := f.payload; len(s) > 0; s = s[6:] {
			if binary.BigEndian.Uint16(s) == uint16(http2.SettingInitialWindowSize) {
				r.initial = int64(binary.BigEndian.Uint32(s[2:]))
			}
		}
	case http2.FrameHeaders:
		h = &half{id: f.StreamID, window: r.initial}
		r.of[h.id] = h
		path := r.p.fields(f)[":path"]
		if h.other = r.lone[path]; h.other == nil {
			r.lone[path] = h
		} else {
			h.other.other = h
		}
		r.p.respond(h.id, false, ":status", "200")
	case http2.FrameData:
		if h == nil || h.other == nil {
			r.giveBack(len(f.payload))
			return
		}
		to := h.other
		to.unsent = append(to.unsent, f.payload...)
		to.ends = f.Flags.Has(http2.FlagDataEndStream)
		r.send(to)
	case http2.FrameWindowUpdate:
		n := int64(binary.BigEndian.Uint32(f.payload))
		if h != nil {
			h.window += n
			r.send(h)
			return
		}
		r.window += n
		for _, h := range r.of {
			r.send(h)
		}
	case http2.FrameRSTStream:
		if h != nil && h.other != nil {
			r.p.Write(func(f *http2.Framer) { f.WriteRSTStream(h.other.id, http2.ErrCodeCancel) })
			delete(r.of, h.id)
			delete(r.of, h.other.id)
			r.giveBack(len(h.unsent) + len(h.other.unsent))
		}
	}
}

// giveBack returns n bytes of the connection's window.
func (r *relay) giveBack(n int) {
	if n > 0 {
		r.p.Write(func(f *http2.Framer) { f.WriteWindowUpdate(0, uint32(n)) })
	}
}

// send sends h what the windows allow, and returns the sender's window.
func (r *relay) send(h *half) {
	for n := min(h.window, r.window, int64(len(h.unsent)), maxFrame); n > 0; n = min(h.window, r.window, int64(len(h.unsent)), maxFrame) {
		r.p.data(h.id, false, string(h.unsent[:n]))
		h.unsent = h.unsent[n:]
		h.window -= n
		r.window -= n
		r.p.Write(func(f *http2.Framer) {
			f.WriteWindowUpdate(0, uint32(n))
			f.WriteWindowUpdate(h.other.id, uint32(n))
		})
	}
	if h.ends && len(h.unsent) == 0 {
		h.ends = false
		r.p.data(h.id, true, "")
	}
}

// The stream keeps what net.Conn promises.
func TestNetConn(t *testing.T) {
	rig := newRig(t, &Transport{}, connects)
	go func() {
		p := <-rig.peers
		p.Write(func(f *http2.Framer) { f.WriteWindowUpdate(0, 1<<20) }) // more than a stalled stream can hold
		(&relay{p: p, window: initialWindow, lone: map[string]*half{}, of: map[uint32]*half{}}).serve()
	}()
	var n atomic.Int32
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		path := fmt.Sprint("/", n.Add(1))
		if c1, _, err = rig.tr.OpenStream(context.Background(), rig.request(path)); err != nil {
			return nil, nil, nil, err
		}
		if c2, _, err = rig.tr.OpenStream(context.Background(), rig.request(path)); err != nil {
			return nil, nil, nil, err
		}
		return c1, c2, func() { c1.Close(); c2.Close() }, nil
	})
}

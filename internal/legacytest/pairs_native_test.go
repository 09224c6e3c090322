//go:build !js

package legacytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// TestPeers has messages with each peer in each role and draft, over net/http
// and on bare TCP, and prints the table.
func TestPeers(t *testing.T) {
	total := 1_000
	if testing.Short() {
		total = 100
	}
	table := newTable()
	connections := 0
	t.Cleanup(func() { table.print(t) })
	for _, p := range peers {
		for _, d := range all {
			for _, way := range ways {
				if !p.speaks(d, way.peer) {
					continue
				}
				t.Run(p.name+" "+p.version+"/"+d.String()+"/"+way.name, func(t *testing.T) {
					r := table.row(d, p, way)
					first := connections
					connections += 2
					needs(t, p)
					t.Parallel()
					defer r.judge(t)
					for i, peerCloses := range []bool{false, true} {
						n := total // the second connection is about its end
						if peerCloses {
							n = 1
						}
						s := spec{Role: way.peer, Version: number(d), Batches: plan(p, d, n, 12)}
						if peerCloses {
							s.Batches = [][]message{{{Unit: "the last", Times: 1}}}
						}
						s.Messages = count(s.Batches)
						s.ending(first+i, p, d, peerCloses)
						t.Run(closes(peerCloses), func(t *testing.T) {
							r.messages += way.run(t, p, d, s).check(t, d, s)
						})
					}
				})
			}
		}
	}
}

func closes(peerCloses bool) string {
	if peerCloses {
		return "the peer closes"
	}
	return "we close"
}

// way is how a peer and this module come together.
type way struct {
	name string
	peer string // its role
	run  func(t *testing.T, p peer, d legacy.Draft, s spec) report
}

var ways = []way{
	{"their client, our Accept", "client", weAccept},
	{"their client, our Upgrade", "client", weUpgrade},
	{"their server, our Dial", "server", weDial},
}

// check compares what the peer says with what was to happen, and returns how
// many messages it has seen.
func (r report) check(t *testing.T, d legacy.Draft, s spec) int {
	t.Helper()
	if r.Error != "" {
		t.Errorf("the peer: %s", r.Error)
	}
	if r.Messages != s.Messages {
		t.Errorf("the peer saw %d messages, want %d", r.Messages, s.Messages)
	}
	ended := "close"
	if d == hixie75 {
		ended = "eof"
	}
	if r.Ended != ended && !(d == hixie75 && s.PeerCloses) { // there the peer just ends TCP
		t.Errorf("the connection ended by %q for the peer, want %q", r.Ended, ended)
	}
	if !isHixie(d) && (r.Code != s.Code || !s.PeerCloses && r.Reason != s.Reason) {
		t.Errorf("the peer saw the close frame %d %q, want %d %q", r.Code, r.Reason, s.Code, s.Reason)
	}
	return r.Messages
}

// serve has ours serve one connection by accept, and the peer dial it.
func serve(t *testing.T, p peer, d legacy.Draft, s spec, nl net.Listener, over <-chan error) report {
	t.Helper()
	s.Port = nl.Addr().(*net.TCPAddr).Port
	s.Origin = "http://127.0.0.1:" + strconv.Itoa(s.Port)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := start(ctx, t, p.command, s).reports(t, p)
	select {
	case err := <-over:
		if err != nil {
			t.Errorf("our server: %v", err)
		}
	case <-ctx.Done():
		t.Errorf("our server has not ended: %v", ctx.Err())
	}
	return r
}

// weAccept has a server of net/http.
func weAccept(t *testing.T, p peer, d legacy.Draft, s spec) report {
	over := make(chan error, 1)
	h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, ok := legacy.DraftOf(r); !ok || got != d {
			t.Errorf("DraftOf = %v, %v, want %v", got, ok, d)
		}
		c, err := legacy.Accept(w, r, options(s))
		over <- served(t, c, err, d, s)
	}))
	h.Listener = listener{h.Listener, 1}
	h.Start()
	defer h.Close()
	return serve(t, p, d, s, h.Listener, over)
}

// weUpgrade has a server on bare TCP.
func weUpgrade(t *testing.T, p peer, d legacy.Draft, s spec) report {
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nl = listener{nl, 2}
	over := make(chan error, 1)
	var g sync.WaitGroup
	g.Go(func() {
		nc, err := nl.Accept()
		if err != nil {
			over <- err
			return
		}
		defer nc.Close()
		c, err := legacy.Upgrade(t.Context(), nc, options(s))
		over <- served(t, c, err, d, s)
	})
	defer g.Wait()
	defer nl.Close()
	return serve(t, p, d, s, nl, over)
}

func options(s spec) *legacy.AcceptOptions {
	return &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{Subprotocols: s.Offers}}
}

func served(t *testing.T, c api.Conn, err error, d legacy.Draft, s spec) error {
	if err != nil {
		return err
	}
	defer c.CloseNow()
	return (&talk{Conn: c, spec: s, draft: d}).echo(t.Context())
}

// weDial has ours dial the peer.
func weDial(t *testing.T, p peer, d legacy.Draft, s spec) report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, process := dialPeer(ctx, t, p, d, s, nil)
	if c == nil {
		return process.reports(t, p)
	}
	defer c.CloseNow()
	if err := (&talk{Conn: c, spec: s, draft: d}).verify(ctx); err != nil {
		t.Errorf("our client: %v", err)
		c.CloseNow() // and the peer's report tells its side of it
	}
	return process.reports(t, p)
}

// dialPeer starts a peer's server and dials it. The connection is nil when that
// failed.
func dialPeer(ctx context.Context, t *testing.T, p peer, d legacy.Draft, s spec, subprotocols []string) (api.Conn, *process) {
	t.Helper()
	for {
		process := start(ctx, t, p.command, s)
		wire := dialer{seed: 3}
		o := &legacy.DialOptions{NetDial: wire.dial}
		o.Subprotocols = subprotocols
		c, err := legacy.Dial(ctx, fmt.Sprintf("ws://127.0.0.1:%d/chat?room=1", process.port(t)), d, o)
		if p.trimsChallenge && d == hixie76 && trimmed(challenge(wire.wire.first())) {
			if err == nil {
				t.Errorf("%s answered a challenge rightly that it trims", p.name)
				c.CloseNow()
			}
			if _, ok := errors.AsType[*ws.HandshakeError](err); !ok {
				t.Errorf("a wrong answer to the challenge is %T: %v, want a HandshakeError", err, err)
			}
			process.end()
			continue // by chance, 1 in 18; another challenge
		}
		if err != nil {
			t.Errorf("our client: %v", err)
			return nil, process
		}
		return c, process
	}
}

// challenge is the 8 bytes behind the head of a request of hixie-76.
func challenge(request []byte) []byte {
	_, behind, _ := bytes.Cut(request, []byte("\r\n\r\n"))
	return behind
}

// trimmed tells whether Ruby's String#strip takes something away.
func trimmed(challenge []byte) bool {
	return len(bytes.Trim(challenge, "\x00\t\n\v\f\r ")) != len(challenge)
}

// table is what the package's comment shows.
type table struct {
	mu   sync.Mutex
	rows []*row
}

type row struct {
	draft    legacy.Draft
	peer     peer
	way      way
	messages int
	result   string
}

func newTable() *table { return &table{} }

func (t *table) row(d legacy.Draft, p peer, w way) *row {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &row{draft: d, peer: p, way: w, result: "not run"}
	t.rows = append(t.rows, r)
	return r
}

func (r *row) judge(t *testing.T) {
	r.result = "passed"
	if t.Failed() {
		r.result = "FAILED"
	}
}

func (t *table) print(to *testing.T) {
	order := func(d legacy.Draft) int { return slices.Index(all, d) }
	slices.SortStableFunc(t.rows, func(a, b *row) int { return order(a.draft) - order(b.draft) })
	var out strings.Builder
	fmt.Fprintf(&out, "\n%-9s %-28s %-26s %8s  %s\n", "draft", "peer", "role", "messages", "result")
	for _, r := range t.rows {
		fmt.Fprintf(&out, "%-9v %-28s %-26s %8d  %s\n", r.draft, r.peer.name+" "+r.peer.version, r.way.name, r.messages, r.result)
	}
	to.Log(out.String())
}

//go:build !js

package interop

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// patience bounds what a peer does in one role. It takes some seconds, or many
// on a machine with much else to do.
const patience = 4 * time.Minute

// few messages prove nothing about their average.
const few = 500

var peers = []peer{nhooyrPeer, nodePeer, pythonPeer}

// testCase is one connection.
type testCase struct {
	name string
	spec
	ours *ws.Compression
	want string // the server's Sec-WebSocket-Extensions
}

// eachPeer runs cases with every peer in both roles. Some are run at once.
func eachPeer(t *testing.T, cases func(p peer, theyDial bool) []testCase) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			if os.Getenv("WS_NO_PEERS") == "1" && p.name != nhooyrPeer.name {
				t.Log("left out, as WS_NO_PEERS=1 asks")
				return
			}
			if m := p.missing(); m != "" {
				t.Fatal(m)
			}
			for _, theyDial := range []bool{true, false} {
				name, run := "we dial", weDial
				if theyDial {
					name, run = "they dial", theyAreServed
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					run(ctx, t, p, cases(p, theyDial))
				})
			}
		})
	}
}

// weDial has the peer echo.
func weDial(ctx context.Context, t *testing.T, p peer, cases []testCase) {
	s := p.start(ctx, t, specs(cases))
	defer s.end()
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var wire traffic
			d := ws.Dialer{DialOptions: ws.DialOptions{Compression: c.ours}, NetDial: wire.dial(c.want != "")}
			conn, err := d.Dial(ctx, s.urls[i])
			if err != nil {
				t.Fatal(err)
			}
			defer conn.CloseNow()
			payload, err := verify(ctx, conn, c.spec)
			if err == nil {
				err = finish(ctx, conn, c.spec)
			}
			if err != nil {
				conn.CloseNow() // and the peer's report tells its side of it
				t.Error(err)
			}
			c.check(t, s.reports(), payload, &wire)
		})
	}
}

// theyAreServed has the peer verify, against an echo of ours.
func theyAreServed(ctx context.Context, t *testing.T, p peer, cases []testCase) {
	type outcome struct {
		payload int64
		err     error
	}
	outcomes := make([]chan outcome, len(cases))
	wires := make([]traffic, len(cases))
	for i := range cases {
		c, over := &cases[i], make(chan outcome, 1)
		outcomes[i] = over
		h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := ws.Accept(w, r, &ws.AcceptOptions{Compression: c.ours})
			if err != nil {
				over <- outcome{0, err}
				return
			}
			defer conn.CloseNow()
			payload, err := echo(ctx, conn, c.spec)
			if err == nil {
				err = finish(ctx, conn, c.spec)
			}
			over <- outcome{payload, err}
		}))
		h.Listener = wires[i].listener(h.Listener, c.want != "")
		h.Start()
		defer h.Close()
		c.URL = "ws" + strings.TrimPrefix(h.URL, "http") + "/"
	}
	s := p.start(ctx, t, specs(cases))
	defer s.end()
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := s.reports()
			select {
			case o := <-outcomes[i]:
				if o.err != nil {
					t.Error(o.err)
				}
				c.check(t, r, o.payload, &wires[i])
			case <-ctx.Done():
				t.Errorf("the peer reports %+v, and our server has not ended", r)
			}
		})
	}
}

func specs(cases []testCase) (s []spec) {
	for _, c := range cases {
		s = append(s, c.spec)
	}
	return s
}

// check compares what the peer says with what was to happen. payload is how
// many bytes went in each direction.
func (c *testCase) check(t *testing.T, r report, payload int64, wire *traffic) {
	t.Helper()
	if r.Error != "" {
		t.Errorf("the peer: %s", r.Error)
	}
	if r.Messages != c.Messages {
		t.Errorf("the peer saw %d messages, want %d", r.Messages, c.Messages)
	}
	if c.Messages > few && r.Pieces < c.Messages*3/2 { // half of them have 2 to 7
		t.Errorf("the peer sent %d messages in %d pieces: too few", r.Messages, r.Pieces)
	}
	if !sameExtension(r.Extensions, c.want) {
		t.Errorf("agreed on %q, want %q", r.Extensions, c.want)
	}
	if r.Code != c.Code || !c.PeerCloses && r.Reason != c.Reason {
		t.Errorf("the peer saw the close frame %v %q, want %v %q", r.Code, r.Reason, c.Code, c.Reason)
	}
	read, written := wire.read.Load(), wire.written.Load()
	if c.want != "" && c.Messages > few && (read >= payload || written >= payload) {
		t.Errorf("%d bytes each way were %d read and %d written: not compressed", payload, read, written)
	}
	t.Logf("%d messages, %d pieces of the peer's, %d bytes each way; %d read, %d written; %q",
		r.Messages, r.Pieces, payload, read, written, r.Extensions)
}

// sameExtension compares without regard to the parameters' order.
func sameExtension(a, b string) bool {
	params := func(s string) []string {
		list := strings.Split(strings.ReplaceAll(s, " ", ""), ";")
		slices.Sort(list)
		return list
	}
	return slices.Equal(params(a), params(b))
}

// seed is printed, and can be given.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := rand.Uint64() >> 32
	if env := os.Getenv("WS_INTEROP_SEED"); env != "" {
		var err error
		if s, err = strconv.ParseUint(env, 10, 32); err != nil {
			t.Fatalf("WS_INTEROP_SEED: %v", err)
		}
	}
	t.Logf("to repeat: WS_INTEROP_SEED=%d", s)
	return s
}

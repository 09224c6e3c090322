package deadline

import (
	"crypto/tls"
	"net"
	"testing"
	"time"
)

// some takes the deadlines that it is told to.
type some struct {
	net.Conn
	read, write func(time.Time) error
}

func (s some) SetReadDeadline(t time.Time) error  { return s.read(t) }
func (s some) SetWriteDeadline(t time.Time) error { return s.write(t) }

// keeper says whether it keeps its deadlines.
type keeper struct {
	net.Conn
	keeps bool
}

func (k keeper) KeepsDeadlines() bool { return k.keeps }

func TestKnown(t *testing.T) {
	pipe, _ := net.Pipe()
	wrapped := struct{ net.Conn }{pipe}
	for _, tt := range []struct {
		name string
		nc   net.Conn
		want bool
	}{
		{"TCP", new(net.TCPConn), true},
		{"Unix", new(net.UnixConn), true},
		{"a pipe", pipe, true},
		{"a Conn", Give(wrapped), true},
		{"TLS over TCP", tls.Client(new(net.TCPConn), nil), true},
		{"TLS over TLS over a pipe", tls.Client(tls.Client(pipe, nil), nil), true},
		{"what has the methods of a pipe", wrapped, false},
		{"TLS over it", tls.Client(wrapped, nil), false},
		{"what says so", keeper{wrapped, true}, true},
		{"TLS over it", tls.Client(keeper{wrapped, true}, nil), true},
		{"what says that it does not", keeper{pipe, false}, false},
		{"what has the methods of TCP", struct{ *net.TCPConn }{}, false},
	} {
		if got := Known(tt.nc); got != tt.want {
			t.Errorf("Known(%s) = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Missing finds out whichever deadline is not taken, and leaves none.
func TestMissing(t *testing.T) {
	yes := func(time.Time) error { return nil }
	no := func(time.Time) error { return errNone }
	zero := func(t time.Time) error {
		if t.IsZero() {
			return nil
		}
		return errNone
	}
	for name, tt := range map[string]struct {
		read, write func(time.Time) error
		want        error
	}{
		"both":               {yes, yes, nil},
		"none":               {no, no, errNone},
		"that of Read":       {yes, no, errNone},
		"that of Write":      {no, yes, errNone},
		"the zero time":      {zero, zero, errNone},
		"that, only of Read": {zero, yes, errNone},
	} {
		var last [2]time.Time
		at := func(i int, set func(time.Time) error) func(time.Time) error {
			return func(t time.Time) error {
				err := set(t)
				if err == nil {
					last[i] = t
				}
				return err
			}
		}
		if err := Missing(some{nil, at(0, tt.read), at(1, tt.write)}); err != tt.want {
			t.Errorf("%s: Missing = %v, want %v", name, err, tt.want)
		}
		if !last[0].IsZero() || !last[1].IsZero() {
			t.Errorf("%s: deadlines are left: %v", name, last)
		}
	}
}

// Package million opens a million idle connections in one process: the engine
// over in-memory streams, since no machine has enough TCP ports.
package million

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/twinws/ws/bench/internal/child"
	"github.com/twinws/ws/bench/internal/wire"
	"github.com/twinws/ws/internal/engine"
)

// What can be held.
const (
	Engine = "engine" // engine.Conn, its keepalive on, in Read
	Bare   = "bare"   // nothing but the stream, in Read
)

const (
	size = 128 // bytes that are exchanged once
	// batch is after how many connections the memory is looked at,
	batch = 20_000
	// and spare what is left to others.
	spare = 4 << 30
	// idle is when a ping would be due: after the measurement.
	idle = 10 * time.Minute
)

// Report is what Hold writes, as JSON.
type Report struct {
	Conns   int     // held; fewer than asked for when memory ran short
	PerConn float64 // resident bytes
	Seconds float64 // CPU time to open them, exchange a message each, and collect garbage
}

// Hold opens n connections of a kind, lets each echo a message, and reports
// what they take while all of them wait for the next one.
func Hold(w io.Writer, kind string, n int) error {
	serve := map[string]func(*stream){Engine: serveEngine, Bare: serveBare}[kind]
	if serve == nil {
		return fmt.Errorf("nothing called %q can be held", kind)
	}
	debug.SetGCPercent(20) // garbage would be as large as the connections
	frame := wire.AppendFrame(nil, wire.Fin|wire.OpText, child.Text(size, 1), wire.NewKey(rand.New(rand.NewPCG(1, 1))))
	before, err := child.Settle()
	if err != nil {
		return err
	}
	streams := make([]*stream, 0, n)
	for len(streams) < n && enough() {
		for range min(batch, n-len(streams)) {
			s := newStream(frame)
			streams = append(streams, s)
			go serve(s)
		}
		for _, s := range streams[len(streams)-min(batch, len(streams)):] {
			s.awaitEcho()
		}
	}
	after, err := child.Settle()
	if err != nil {
		return err
	}
	held := float64(after.RSS - before.RSS)
	defer func() {
		for _, s := range streams {
			s.Close()
		}
	}()
	return json.NewEncoder(w).Encode(Report{len(streams), held / float64(len(streams)), (after.CPU - before.CPU).Seconds()})
}

// clock is shared, as among a server's sockets.
var clock = engine.Clock{Coarse: true}

func serveEngine(s *stream) {
	c := engine.New(s, engine.Config{ReadLimit: 1 << 20, Idle: idle, Timeout: idle, WriteTimeout: idle, Clock: &clock})
	defer c.CloseNow()
	ctx := context.Background()
	for {
		typ, p, err := c.ReadAppend(ctx, nil)
		if err != nil || c.Write(ctx, typ, p) != nil {
			return
		}
	}
}

func serveBare(s *stream) {
	for s.AwaitRead() == nil {
		var buf [size + 14]byte
		n, err := s.Read(buf[:])
		if err != nil {
			return
		}
		s.Write(buf[:n])
	}
}

// awaitEcho waits until the message that s said at first has been answered.
func (s *stream) awaitEcho() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.heard < size && !s.closed {
		s.wake.Wait()
	}
}

// enough reports whether the system has memory for another batch.
func enough() bool {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return false
	}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		f := bytes.Fields(s.Bytes())
		if len(f) >= 2 && string(f[0]) == "MemAvailable:" {
			kb, err := strconv.ParseInt(string(f[1]), 10, 64)
			return err == nil && kb<<10 > spare
		}
	}
	return false
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twinws/ws"
)

// memory measures what idle WebSockets hold, at the server and at the client.
func memory(ctx context.Context, t *table) error {
	mine := map[string]uint64{}
	for _, by := range []struct {
		name string
		how  manner
	}{{"Handler", manner{}}, {"Accept", manner{accept: true}}} {
		held := map[string]usage{}
		for _, protocol := range []string{"http/1.1", "h2"} {
			s, err := start(ctx, protocol, by.how)
			if err != nil {
				return err
			}
			err = s.hold(ctx, held, mine)
			s.stop()
			if err != nil {
				return err
			}
		}
		h1, h2 := held["http/1.1"], held["h2"]
		t.row("server memory of each of 1,000 idle WebSockets, served by "+by.name, "at most 0.5 x HTTP/1.1 + TLS",
			float64(h2.Held)/float64(h1.Held), 0.5,
			fmt.Sprintf("%d B and %d B resident; %d B and %d B of heap and stacks; %d TCP connection and %d",
				h2.Held, h1.Held, h2.Heap+h2.Stack, h1.Heap+h1.Stack, h2.Conns, h1.Conns))
	}
	t.rowBytes("client heap of each", "at most 6,144 B", mine["h2"], 6144,
		fmt.Sprintf("%d B over HTTP/1.1 + TLS", mine["http/1.1"]))
	return nil
}

// hold opens the WebSockets, exchanges a message on each, and measures.
func (s *server) hold(ctx context.Context, held map[string]usage, mine map[string]uint64) error {
	warm, err := s.dial(ctx, 50)
	if err != nil {
		return err
	}
	if err := s.exchange(ctx, warm, 20); err != nil {
		return err
	}
	if s.h2 == nil {
		closeAll(warm)
		time.Sleep(time.Second) // until the server has noticed
		warm = nil
	}
	before, err := s.usage(true)
	if err != nil {
		return err
	}
	own := now(true).Heap
	all, err := s.dial(ctx, conns)
	if err != nil {
		return err
	}
	if err := s.exchange(ctx, all, 1); err != nil {
		return err
	}
	after, err := s.usage(true)
	if err != nil {
		return err
	}
	mine[s.name] = (now(true).Heap - own) / conns
	held[s.name] = usage{Held: (after.Held - before.Held) / conns, Heap: (after.Heap - before.Heap) / conns,
		Stack: (after.Stack - before.Stack) / conns, Conns: after.Conns}
	if s.h2 == nil {
		u := held[s.name]
		u.Conns = after.Conns - before.Conns
		held[s.name] = u
	}
	closeAll(append(all, warm...))
	return nil
}

func closeAll(all []*ws.Conn) {
	for _, c := range all {
		c.CloseNow()
	}
}

// pingpong measures one message at a time on each of 100 WebSockets.
func pingpong(ctx context.Context, t *table, rounds, messages int) error {
	h1, err := start(ctx, "http/1.1", manner{})
	if err != nil {
		return err
	}
	defer h1.stop()
	h2, err := start(ctx, "h2", manner{})
	if err != nil {
		return err
	}
	defer h2.stop()
	spent, err := interleave(ctx, []*server{h1, h2}, rounds, func(s *server) (int, error) {
		return s.together(ctx, pingers, messages/pingers, s.exchange)
	})
	if err != nil {
		return err
	}
	t.row("125 B ping-pong on 100 WebSockets, CPU per message of both ends", "at most 1.0 x HTTP/1.1 + TLS",
		median(ratios(spent[1], spent[0])), 1.0, fmt.Sprintf("%.1f us and %.1f us", median(spent[1]), median(spent[0])))
	return nil
}

// inflight measures 64 messages under way on one WebSocket.
func inflight(ctx context.Context, t *table, rounds, messages int) error {
	each, err := start(ctx, "h2", manner{flush: true})
	if err != nil {
		return err
	}
	defer each.stop()
	ours, err := start(ctx, "h2", manner{})
	if err != nil {
		return err
	}
	defer ours.stop()
	h1, err := start(ctx, "http/1.1", manner{})
	if err != nil {
		return err
	}
	defer h1.stop()
	spent, err := interleave(ctx, []*server{each, ours, h1}, rounds, func(s *server) (int, error) {
		return s.together(ctx, 1, messages, s.stream)
	})
	if err != nil {
		return err
	}
	t.rowAtLeast("64 in flight, 125 B, messages per CPU second", "at least 10 x of one flush per message",
		median(ratios(spent[0], spent[1])), 10, fmt.Sprintf("%.2f us and %.2f us a message; %.2f us over HTTP/1.1 + TLS",
			median(spent[1]), median(spent[0]), median(spent[2])))
	return nil
}

// interleave lets the servers take turns, and returns the CPU time of both ends
// for a message in microseconds, of each server and round.
func interleave(ctx context.Context, servers []*server, rounds int, work func(*server) (int, error)) ([][]float64, error) {
	spent := make([][]float64, len(servers))
	for round := range rounds + 1 {
		for i, s := range servers {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			before, err := s.usage(false)
			if err != nil {
				return nil, err
			}
			mine := now(false).CPU
			n, err := work(s)
			if err != nil {
				return nil, err
			}
			own := now(false).CPU - mine
			after, err := s.usage(false)
			if err != nil {
				return nil, err
			}
			if round > 0 { // the first warms up
				cpu := own + after.CPU - before.CPU
				spent[i] = append(spent[i], float64(cpu.Nanoseconds())/1000/float64(n))
			}
		}
	}
	return spent, nil
}

func ratios(a, b []float64) (r []float64) {
	for i := range a {
		r = append(r, a[i]/b[i])
	}
	return r
}

// together opens n WebSockets, runs f on them, and returns the messages.
func (s *server) together(ctx context.Context, n, each int, f func(context.Context, []*ws.Conn, int) error) (int, error) {
	all, err := s.dial(ctx, n)
	if err != nil {
		return 0, err
	}
	defer closeAll(all)
	return n * each, f(ctx, all, each)
}

// exchange sends each messages on every WebSocket at a time, one after the
// other, and checks the echoes.
func (s *server) exchange(ctx context.Context, all []*ws.Conn, each int) error {
	return forAll(all, func(c *ws.Conn) error {
		sent := bytes.Repeat([]byte("m"), size)
		for range each {
			if err := c.Write(ctx, ws.MessageBinary, sent); err != nil {
				return err
			}
			if _, p, err := c.Read(ctx); err != nil {
				return err
			} else if !bytes.Equal(p, sent) {
				return fmt.Errorf("%s: the echo of %d bytes has %d", s.name, len(sent), len(p))
			}
		}
		return nil
	})
}

// stream keeps 64 messages under way on every WebSocket.
func (s *server) stream(ctx context.Context, all []*ws.Conn, each int) error {
	return forAll(all, func(c *ws.Conn) error {
		sent := bytes.Repeat([]byte("m"), size)
		ahead := 0
		for i := range each {
			for ; ahead < each && ahead < i+depth; ahead++ {
				if err := c.Write(ctx, ws.MessageBinary, sent); err != nil {
					return err
				}
			}
			if _, p, err := c.Read(ctx); err != nil {
				return err
			} else if !bytes.Equal(p, sent) {
				return fmt.Errorf("%s: the echo of %d bytes has %d", s.name, len(sent), len(p))
			}
		}
		return nil
	})
}

func forAll(all []*ws.Conn, f func(*ws.Conn) error) error {
	errs := make(chan error, len(all))
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() { errs <- f(c) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

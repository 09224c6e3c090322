//go:build !js

// Command browser measures the cost of a message in a browser: in hand-written
// JavaScript, with a plain syscall/js binding, with coder/websocket's js build,
// and with this library. Run it in the folder of the bench module:
//
//	go run ./browser                                 all cases; writes browser/results
//	go run ./browser -in chromium,firefox,webkit     in these browsers, Chromium without it
//	go run ./browser -only 'window/binary/16/64'     some cases; prints them alone
//	go run ./browser -heap                           the JavaScript heap alone
//
// A case is place/data/size/flight: window or worker, binary or text, bytes of
// a message, messages in flight (1 is ping-pong). Elements of a pattern may be
// *.
//
// Machines are noisy: the reliable figure is the CPU time of the program's
// thread, as a ratio to that of JavaScript in the same round. Rounds of
// all contestants alternate, each contestant in a process of its own.
//
// Firefox and WebKit are not driven over the DevTools protocol: there the
// figure is messages per second, and unless the flags name others the cases go
// up to 64 KiB, and JavaScript and this library are compared.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// runTime bounds a whole run.
const runTime = 25 * time.Minute

// options are the command's flags.
type options struct {
	in       string
	only     string
	who      string
	rounds   int
	duration time.Duration
	warmUp   time.Duration
	heap     bool
	out      string
}

func main() {
	var o options
	flag.StringVar(&o.in, "in", "chromium", "measure in these `browsers`, separated by commas: chromium, firefox, webkit")
	flag.StringVar(&o.only, "only", "", "measure only cases that match one of these `patterns`, separated by commas")
	flag.StringVar(&o.who, "contestants", "", "measure only these `names`, separated by commas, and JavaScript")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds of each case, of which the median counts; 0 for 5 in Chromium, 9 elsewhere")
	flag.DurationVar(&o.duration, "duration", 0, "traffic of one contestant in one round; 0 for 100ms in Chromium, 250ms elsewhere")
	flag.DurationVar(&o.warmUp, "warmup", 1500*time.Millisecond, "traffic of each contestant before its first case, until its code has been compiled for speed")
	flag.BoolVar(&o.heap, "heap", false, "measure the JavaScript heap of programs that write to a slow server, and nothing else")
	flag.StringVar(&o.out, "out", "", "write results to this `folder`; a run of everything writes to browser/results without it")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx, cancel := context.WithTimeout(context.Background(), runTime)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	everything := o.only == "" && o.who == "" && !o.heap
	if o.out == "" && everything {
		o.out = filepath.Join("browser", "results")
		if _, err := os.Stat("browser"); err != nil {
			return errors.New("run it in the folder bench, or name a folder for the results with -out")
		}
	}
	chosen, err := selectHomes(o.in)
	if err != nil {
		return err
	}
	for _, h := range chosen {
		r, err := measure(ctx, h, o, everything)
		if err != nil {
			return fmt.Errorf("%s: %w", h.title, err)
		}
		if o.out == "" {
			fmt.Printf("\n## %s\n\n%s", h.title, r.markdown(false))
		} else if err := r.write(o.out); err != nil {
			return err
		}
	}
	return nil
}

// measure does what o asks for in one browser.
func measure(ctx context.Context, h home, o options, everything bool) (*results, error) {
	cases, err := selectCases(o.only)
	if err != nil {
		return nil, err
	}
	if o.only == "" {
		cases = h.cases(cases)
	}
	o = h.defaults(o)
	names, err := selectContestants(o.who)
	if err != nil {
		return nil, err
	}
	b, err := newBench(ctx, h, names)
	if err != nil {
		return nil, err
	}
	defer b.close()
	r := &results{home: h, names: names}
	if !o.heap {
		if r.rows, err = b.speed(cases, o); err != nil {
			return nil, err
		}
	}
	if o.heap || everything && h.devTools {
		if r.heap, err = b.heap(heapMessages); err != nil {
			return nil, err
		}
	}
	r.about = b.about(o)
	return r, nil
}

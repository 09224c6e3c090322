// Command bench compares the native implementation with other Go libraries and
// with bare TCP loops.
//
//	go run .                                        everything but the million
//	go run . -mode inflight -size 16 -only ours,raw-gather -rounds 9
//	go run . -mode pingpong -only ours,ours@/path/to/another/tree,raw
//	go run . -mode million
//
// Every contestant is a process of its own, and so is the load generator, which
// shares no code with any of them. They take turns in slices of a twentieth of
// a second; figures are medians over the rounds, and ratios medians of the
// ratios within a round, which makes both robust against other load. CPU time
// is measured by the operating system.
//
// With -out the results are also written as Markdown, SVG and JSON. A name@dir
// runs the contestant with the library's source from dir. It needs Linux.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twinws/ws/bench/internal/child"
	"github.com/twinws/ws/bench/internal/contestant"
	"github.com/twinws/ws/bench/internal/million"
)

func main() {
	var o options
	flag.StringVar(&o.modes, "mode", "", "run these modes alone: "+strings.Join(modeNames(), ", ")+", million")
	flag.StringVar(&o.sizes, "size", "", "run these message sizes in bytes alone: 16,4096")
	flag.StringVar(&o.only, "only", "", "run these contestants alone: ours,raw-gather; name@dir takes the library from dir")
	flag.IntVar(&o.rounds, "rounds", 15, "how many slices each contestant has")
	flag.DurationVar(&o.slice, "slice", 50*time.Millisecond, "how long a slice is")
	flag.IntVar(&o.conns, "conns", 0, "connections of an echo; 0 is what the mode takes")
	flag.BoolVar(&o.binary, "binary", false, "echo binary messages instead of text")
	flag.StringVar(&o.levels, "levels", "100,1000,10000,19000", "idle: how many connections")
	flag.IntVar(&o.listeners, "listeners", 1000, "broadcast: how many connections")
	flag.IntVar(&o.held, "held", 128, "deflate, takeover: over how many connections the memory is measured")
	flag.IntVar(&o.million, "n", 1_000_000, "million: how many connections")
	flag.DurationVar(&o.within, "within", 0, "run fewer rounds, at least three, to finish within this time; 0 means no limit")
	flag.StringVar(&o.out, "out", "", "write results into this directory")
	serve := flag.String("serve", "", "be the server of this contestant; for the command itself")
	deflate := flag.String("deflate", "", "serve: fresh or takeover")
	room := flag.Bool("room", false, "serve: keep connections for broadcasts")
	idle := flag.Bool("idle", false, "serve: connections will wait")
	hold := flag.String("hold", "", "be the process that holds a million; for the command itself")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case *serve != "":
		signal.Ignore(os.Interrupt) // it ends with its input
		err = child.Serve(os.Stdin, os.Stdout, *serve, contestant.Setup{Deflate: contestant.Deflate(*deflate), Room: *room, Idle: *idle})
	case *hold != "":
		err = million.Hold(os.Stdout, *hold, o.million)
	default:
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	modes, sizes, only, levels, out string
	rounds, conns, million          int
	listeners, held                 int
	slice, within                   time.Duration
	binary                          bool
}

// list splits a flag at its commas.
func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// numbers is list for numbers.
func numbers(s string) (all []int, err error) {
	for _, f := range list(s) {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

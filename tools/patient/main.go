// Command patient runs wasmbrowsertest, the program in its own folder with its
// own name and the suffix ".once", and runs it again if the browser was slow to
// start. chromedp allows 20 s for that, which a cold or busy machine may
// exceed, and wasmbrowsertest has no option for it. No test has begun by then,
// so none is run twice.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// attempts is how often a browser may be slow.
const attempts = 5

// slow is what chromedp says of it.
const slow = "websocket url timeout reached"

func main() {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "patient:", err)
		os.Exit(1)
	}
	os.Exit(run(self+".once", os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code.
func run(program string, args []string, stdout, stderr io.Writer) (code int) {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)
	for n := 1; ; n++ {
		said := new(bytes.Buffer)
		err := once(program, args, stdout, io.MultiWriter(stderr, said), interrupts)
		var exit *exec.ExitError
		switch {
		case err == nil:
			return 0
		case !errors.As(err, &exit):
			fmt.Fprintln(stderr, "patient:", err)
			return 1
		case n == attempts || !bytes.Contains(said.Bytes(), []byte(slow)):
			return max(exit.ExitCode(), 1) // -1 when a signal ended it
		}
		fmt.Fprintln(stderr, "patient: the browser did not start in time; once more")
	}
}

// once runs the program, which gets the signals that come.
func once(program string, args []string, stdout, stderr io.Writer, interrupts <-chan os.Signal) error {
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			return err
		case s := <-interrupts:
			cmd.Process.Signal(s)
		}
	}
}

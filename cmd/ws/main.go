// Command ws is a WebSocket client, server, recorder, load generator and
// diagnosis for the command line.
//
//	ws dial wss://example.com/chat
//	ws serve --broadcast
//	ws record ws://localhost:8080/ session.har
//	ws replay session.har
//	ws load ws://localhost:8080/ --connections 100 --duration 30s
//	ws check wss://example.com/chat
//
// ws help COMMAND describes each, ws help exit the exit statuses.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second signal ends the program as usual, whatever it waits for.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], console{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now}))
}

// console is what a command has of the world around it.
type console struct {
	in  io.Reader
	out io.Writer        // messages and results
	err io.Writer        // everything else: notes, progress, errors
	now func() time.Time // shown and recorded times
}

// note prints a line that is no result.
func (c *console) note(format string, args ...any) {
	fmt.Fprintln(c.err, visible(fmt.Sprintf(format, args...)))
}

// isTerminal reports whether f is a terminal.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// colors reports whether output to f may be in color (https://no-color.org).
func colors(f any) bool {
	return isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// run runs the command with these arguments and returns its exit status.
func run(ctx context.Context, args []string, c console) int {
	root := rootCommand(c)
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	f := explain(ctx, err)
	if f.text != "" {
		fmt.Fprintln(c.err, "ws: "+visible(oneLine(f.text)))
	}
	return f.status
}

func rootCommand(c console) *cobra.Command {
	root := &cobra.Command{
		Use:   "ws",
		Short: "A WebSocket client, server, recorder, load generator and diagnosis",
		Long: "ws talks WebSocket (RFC 6455): interactively or in a pipe, as client and as server.\n" +
			"Run \"ws help exit\" for the exit statuses.",
		Version:       version(),
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	root.AddCommand(dialCommand(c), serveCommand(c), recordCommand(c), replayCommand(c), loadCommand(c), checkCommand(c))
	root.AddCommand(&cobra.Command{Use: "exit", Short: "The exit statuses", Long: exitHelp})
	for _, cmd := range root.Commands() {
		if check := cmd.Args; check != nil {
			cmd.Args = func(cmd *cobra.Command, args []string) error { return usage(cmd, check(cmd, args)) }
		}
	}
	check := root.Args
	root.Args = func(cmd *cobra.Command, args []string) error { return usage(cmd, check(cmd, args)) }
	root.RunE = func(cmd *cobra.Command, args []string) error { return cmd.Help() }
	return root
}

// version is that of the module, as go install records it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// oneLine joins the lines of an error.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

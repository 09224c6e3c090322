// Command size prints the sizes of programs for the browser, and fails if the
// library exceeds its budgets. Run it at the root of the module.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/andybalholm/brotli"
)

// size is the size of a program in bytes, uncompressed and compressed.
type size struct{ raw, gzip, brotli int }

func (s size) less(t size) size {
	return size{s.raw - t.raw, s.gzip - t.gzip, s.brotli - t.brotli}
}

// over reports whether s is over the budget b, where 0 means no budget.
func (s size) over(b size) bool {
	return b.raw > 0 && s.raw > b.raw || b.gzip > 0 && s.gzip > b.gzip || b.brotli > 0 && s.brotli > b.brotli
}

// The programs, one folder each under internal/sizes.
const (
	empty   = "empty"
	dial    = "dial"
	app     = "app"
	appDial = "appdial"
	appNet  = "appnet"
)

// row is a line of the table.
type row struct {
	what   string
	got    size
	budget size
	coder  size // the same with coder/websocket 1.8.15, Go 1.26.8, the same flags
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "size")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	got, err := measureAll(dir, empty, dial, app, appDial, appNet)
	if err != nil {
		return err
	}
	rows := []row{
		{what: "an empty program", got: got[empty]},
		{what: "hello-dial: dial, write, read, close", got: got[dial],
			budget: size{raw: 2_700_000, gzip: 770_000, brotli: 590_000},
			coder:  size{raw: 4_835_716, gzip: 1_376_676, brotli: 1_048_172}},
		{what: "a program with fmt, context, encoding/json", got: got[app]},
		{what: "the same with hello-dial in it", got: got[appDial]},
		{what: "what the library adds to it", got: got[appDial].less(got[app]),
			budget: size{brotli: 40_000}, coder: size{brotli: 437_000}},
		{what: "the same over a net.Conn of wsnet", got: got[appNet]},
		{what: "what wsnet adds to that, package net included", got: got[appNet].less(got[appDial]),
			budget: size{brotli: 78_000}},
	}
	version, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return fmt.Errorf("go env GOVERSION: %w", err)
	}
	print(os.Stdout, strings.TrimSpace(string(version)), rows)
	var over []error
	for _, r := range rows {
		if r.got.over(r.budget) {
			over = append(over, fmt.Errorf("over budget: %s", r.what))
		}
	}
	return errors.Join(over...)
}

// measureAll builds the programs one after the other, since a build uses every
// core, and measures them at once: brotli takes seconds for each, on one core.
func measureAll(dir string, names ...string) (map[string]size, error) {
	sizes, errs := make([]size, len(names)), make([]error, len(names))
	var measuring sync.WaitGroup
	for i, name := range names {
		data, err := build(dir, name)
		if err != nil {
			errs[i] = fmt.Errorf("%s: %w", name, err)
			break
		}
		measuring.Go(func() { sizes[i], errs[i] = measure(data) })
	}
	measuring.Wait()
	got := map[string]size{}
	for i, name := range names {
		got[name] = sizes[i]
	}
	return got, errors.Join(errs...)
}

// build compiles internal/sizes/name for the browser into dir.
func build(dir, name string) ([]byte, error) {
	file := filepath.Join(dir, name+".wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, "./internal/sizes/"+name)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// measure compresses data as much as web servers can: gzip -9, brotli -q 11. It
// runs the gzip program, which compresses about 1 % better than package
// compress/gzip, since the budgets and the peer's figures were measured with
// it.
func measure(data []byte) (size, error) {
	gzip := exec.Command("gzip", "-9", "-n", "-c")
	gzip.Stdin = bytes.NewReader(data)
	packed, err := gzip.Output()
	if err != nil {
		return size{}, fmt.Errorf("gzip -9: %w", err)
	}
	var b bytes.Buffer
	w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24})
	_, err = w.Write(data)
	err = errors.Join(err, w.Close())
	return size{raw: len(data), gzip: len(packed), brotli: b.Len()}, err
}

// print writes the table: for each program a line with its sizes, its budget,
// and the peer's sizes.
func print(out io.Writer, version string, rows []row) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "raw\tgzip -9\tbrotli -11\t  bytes, %s, GOOS=js GOARCH=wasm -trimpath -ldflags='-s -w'\n", version)
	for _, r := range rows {
		line(t, r.got, r.what)
		if r.budget != (size{}) {
			line(t, r.budget, "    at most")
		}
		if r.coder != (size{}) {
			line(t, r.coder, "    coder/websocket, measured with the same flags on Go 1.26.8")
		}
	}
	t.Flush()
}

func line(w io.Writer, s size, what string) {
	for _, n := range []int{s.raw, s.gzip, s.brotli} {
		if n == 0 {
			fmt.Fprint(w, "-\t")
			continue
		}
		fmt.Fprint(w, thousands(n), "\t")
	}
	fmt.Fprintf(w, "  %s\n", what)
}

// thousands writes n with a comma before every three digits.
func thousands(n int) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/twinws/ws/bench/internal/contestant"
)

// saved is the file results.json.
type saved struct {
	Machine string
	Results Results
}

// finish prints the targets and, when it was asked to, writes the results. Of
// an earlier run it keeps the cases that this one left out.
func (r *runner) finish() error {
	fmt.Printf("took %v\n\n", time.Since(r.begun).Round(time.Second))
	for _, res := range r.results {
		res.Load = r.load
	}
	all := saved{Machine: machine(), Results: r.results}
	if r.out != "" {
		if err := os.MkdirAll(r.out, 0o755); err != nil {
			return err
		}
		earlier, err := read(filepath.Join(r.out, "results.json"))
		if err != nil {
			return err
		}
		for _, e := range earlier.Results {
			if len(r.results.cell(e.Mode, e.Case)) == 0 {
				all.Results = append(all.Results, e)
			}
		}
		if err := all.write(r.out); err != nil {
			return err
		}
	}
	if t := all.Results.targetTable(false); len(t.Rows) > 0 {
		fmt.Println(t)
	}
	return r.results.failed()
}

func read(name string) (s saved, err error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	return s, err
}

func (s saved) write(dir string) error {
	data, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	var md bytes.Buffer
	remarks, err := os.ReadFile(filepath.Join(dir, "remarks.md"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.markdown(&md, remarks)
	for name, data := range map[string][]byte{"results.json": append(data, '\n'), "README.md": md.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return s.Results.charts(dir)
}

// markdown writes the report, with remarks below the targets.
func (s saved) markdown(w io.Writer, remarks []byte) {
	rs := s.Results
	low, high := math.Inf(1), 0.0
	for _, r := range rs {
		low, high = min(low, r.Load), max(high, r.Load)
	}
	fmt.Fprintf(w, `# Results

Written by %s on %s; the load average was %.1f to %.1f when runs began. CPU times are those of the contestant's process, per message (handshake, delivery), user and
system together, as the operating system counts them: medians over the rounds. Ratios are medians of the ratios within a round.
Contestants take turns in short slices; the load is another process, which compares every echo with what it sent.

## Targets

%s
%s
`, "`make bench`", s.Machine, low, high, rs.targetTable(true), remarks)
	for _, c := range chartNames {
		if len(rs.cases(c.mode)) > 0 {
			fmt.Fprintf(w, "![%s](%s.svg)\n\n", c.title, c.file)
		}
	}
	fmt.Fprint(w, "## All figures\n\n")
	for _, mode := range append(modeNames(), modeMillion) {
		for _, name := range rs.cases(mode) {
			fmt.Fprintln(w, rs.caseTable(mode, name))
		}
	}
	fmt.Fprint(w, "## Who was measured\n\nEach in the settings that its own README recommends.\n\n")
	for _, c := range contestant.All {
		fmt.Fprintf(w, "- **%s**: %s.\n", c.Name, c.Settings)
	}
}

// machine describes where the figures come from.
func machine() string {
	model := "an unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				model = strings.TrimSpace(v)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.Version())
}

// busy is the load average, how many processes of others wanted to run; 0 when
// it is not known.
func busy() (load float64) {
	data, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		_, err = fmt.Sscan(string(data), &load)
	}
	if err != nil {
		return 0
	}
	return load
}

//go:build !js

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// thread is the clock of one thread, from Linux's /proc: proc(5).
type thread struct{ pid, tid int }

func (t thread) what() string { return "the Worker's thread, by Linux's /proc/PID/task/TID/schedstat" }

// read returns the time spent on a CPU, which schedstat counts in nanoseconds.
func (t thread) read() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/schedstat", t.pid, t.tid))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	ns, err := strconv.ParseInt(first, 10, 64)
	return time.Duration(ns), err
}

// processes is the clock of a process and of all that it has started, with all
// their threads.
type processes struct{ root int }

func (p processes) what() string {
	return "all threads of all of the browser's processes, by Linux's /proc/PID/task/TID/schedstat"
}

// read returns the time that all threads have spent on a CPU; 0 where there are
// no such clocks. A thread that has ended takes its time with it.
func (p processes) read() (sum time.Duration, err error) {
	if !hasThreadClocks() {
		return 0, nil
	}
	for _, pid := range descendants(p.root) {
		names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid)) // the pattern is well-formed
		for _, name := range names {
			tid, _ := strconv.Atoi(filepath.Base(name))
			if d, err := (thread{pid, tid}).read(); err == nil { // it may have ended meanwhile
				sum += d
			}
		}
	}
	return sum, nil
}

// descendants returns the processes that pid has started, and these in turn,
// and pid itself.
func descendants(pid int) []int {
	children := map[int][]int{}
	names, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, name := range names {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		// The second field, a name in parentheses, may hold anything.
		after := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if len(after) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(after[1]); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// hasThreadClocks reports whether the system has what thread.read reads.
func hasThreadClocks() bool {
	pid := os.Getpid()
	_, err := thread{pid, pid}.read()
	return err == nil
}

// workerThreads returns the threads of a process on which Workers run. Chrome
// names them "DedicatedWorker thread", of which the kernel keeps 15 characters.
func workerThreads(pid int) (found []thread) {
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", pid)) // the pattern is well-formed
	for _, name := range names {
		comm, err := os.ReadFile(name)
		if err != nil || !strings.HasPrefix(string(comm), "DedicatedWorker") {
			continue // a thread that has ended meanwhile is none
		}
		if tid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			found = append(found, thread{pid, tid})
		}
	}
	return found
}

// peakMemory returns the most memory that the process has held, in bytes, 0
// where the system does not tell.
func peakMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}

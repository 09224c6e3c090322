package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/twinws/ws"
)

// judge compares what came back with the recording. end is how the connection
// ended.
func (r *replay) judge(got []reply, end error) error {
	want, differ := r.expected(), 0
	for i := range max(len(want), len(got)) {
		if l := difference(i, want, got); l != "" {
			fmt.Fprintln(r.out, visible(l))
			differ++
		}
	}
	if status := ws.CloseStatus(end); status >= 0 && status != ws.StatusNormalClosure {
		fmt.Fprintln(r.out, visible("the connection ended: "+closing(end)))
	}
	if differ > 0 {
		return fail(exitDiffers, fmt.Sprintf("replay: %d of %s as recorded, %d not: see above",
			max(len(want), len(got))-differ, count(max(len(want), len(got)), "message"), differ))
	}
	fmt.Fprintf(r.out, "%s as recorded\n", count(len(got), "message"))
	return nil
}

// difference describes how message i differs, "" if it does not.
func difference(i int, want, got []reply) string {
	switch {
	case i >= len(got):
		return fmt.Sprintf("message %d: missing: %v %s", i, want[i].typ, quoted(want[i].data))
	case i >= len(want):
		return fmt.Sprintf("message %d: not in the recording: %v %s", i, got[i].typ, quoted(got[i].data))
	case want[i].typ != got[i].typ || !bytes.Equal(want[i].data, got[i].data):
		at := firstDifference(want[i].data, got[i].data)
		return fmt.Sprintf("message %d: want %v %s, got %v %s, from byte %d on",
			i, want[i].typ, quoted(want[i].data), got[i].typ, quoted(got[i].data), at)
	}
	return ""
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// splitList splits the value of a field that is a list.
func splitList(s string) []string {
	var all []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}

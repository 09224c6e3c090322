package apitest

import (
	"strings"
	"testing"
)

func TestEveryRuleHasACaseAndEveryCaseItsWhy(t *testing.T) {
	rules := map[rule]int{
		cancelling: 0, drains: 0, typed: 0, bounded: 0, keepalive: 0,
		alone: 0, honest: 0, closes: 0, safe: 0, whole: 0,
	}
	names := map[string]bool{}
	for _, c := range cases() {
		if _, ok := rules[c.rule]; !ok {
			t.Errorf("%s: %q is not a rule", c.name, c.rule)
		}
		rules[c.rule]++
		if names[c.name] {
			t.Errorf("%s is there twice", c.name)
		}
		names[c.name] = true
		if len(c.why) < 20 || c.run == nil {
			t.Errorf("%s tells too little why (%q), or does nothing", c.name, c.why)
		}
	}
	for r, n := range rules {
		if n == 0 {
			t.Errorf("no case for %q", r)
		}
	}
}

func TestLeftBehindGoroutineIsFound(t *testing.T) {
	l := watch(t.Name())
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-stop
	}()
	if s := l.left(0); !strings.Contains(s, "TestLeftBehindGoroutineIsFound") {
		t.Errorf("the waiting goroutine is not among those left: %q", s)
	}
	close(stop)
	<-done
	if s := l.left(caseTime); s != "" {
		t.Errorf("after it ended, left: %s", s)
	}
}

package wasmtest

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// afterTests are called when all tests have ended.
var afterTests []func()

// TestMain lets tests wait side by side, and looks for goroutines that outlive
// all of them. The suite itself looks after each case, at those the case
// started.
func TestMain(m *testing.M) {
	// Parallel tests here wait rather than work: the default of one for each
	// processor would have them wait one after the other. -parallel goes
	// before.
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	before := runtime.NumGoroutine()
	if runtime.GOOS == "js" {
		before++ // the runtime's own, which takes the browser's events
	}
	code := m.Run()
	for _, f := range afterTests {
		f()
	}
	if left := leftOver(before); left > 0 && code == 0 {
		fmt.Printf("FAIL: %d goroutines are left after all tests:\n", left)
		pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
		code = 1
	}
	os.Exit(code)
}

// leftOver waits, at most a minute, for the goroutines to become as few as
// before.
func leftOver(before int) int {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before && time.Now().Before(end); {
		<-tick.C
	}
	return runtime.NumGoroutine() - before
}

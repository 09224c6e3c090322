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

// TestMain runs tests in parallel, and looks for goroutines that outlive all of
// them. The suite itself looks for those of each case.
func TestMain(m *testing.M) {
	// Parallel tests here mostly wait: with the default of one per processor
	// they would wait one after the other. A -parallel flag overrides this.
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	before := runtime.NumGoroutine()
	if runtime.GOOS == "js" {
		before++ // the runtime's own, which handles the browser's events
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

// leftOver waits, at most a minute, until there are no more goroutines than
// before.
func leftOver(before int) int {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before && time.Now().Before(end); {
		<-tick.C
	}
	return runtime.NumGoroutine() - before
}

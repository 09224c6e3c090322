//go:build !js

package wasmtest

import (
	"slices"
	"strings"
)

// netConnTests are the tests of TestNetConn: those of nettest.TestConn, and
// what is different in a page. The native build's are package wsnet's.
var netConnTests = []string{
	"nettest/BasicIO", "nettest/PingPong", "nettest/RacyRead", "nettest/RacyWrite", "nettest/ReadTimeout", "nettest/WriteTimeout",
	"nettest/PastTimeout", "nettest/PresentTimeout", "nettest/FutureTimeout", "nettest/CloseTimeout", "nettest/ConcurrentMethods",
	"addresses", "ends", "other_type", "half-close", "text",
}

// netConnTests are the tests of TestNetConn that the home runs.
func (h home) netConnTests() []string {
	return slices.DeleteFunc(slices.Clone(netConnTests), func(name string) bool {
		test, _, _ := strings.Cut(name, "/")
		return h.leftOut(test) != ""
	})
}

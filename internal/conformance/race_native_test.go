//go:build race && !js

package conformance

func init() { scale = Raced }

//go:build !js

package ws

import (
	"reflect"
	"testing"
)

// The accepted proposal of Go issue 53208 is a field that Go 1.26 and 1.27 have
// not.
func TestEnableConnect(t *testing.T) {
	with := struct{ EnableConnectProtocol bool }{}
	enableConnect(reflect.ValueOf(&with).Elem())
	if !with.EnableConnectProtocol {
		t.Error("not set")
	}
	other := struct{ EnableConnectProtocol string }{}
	enableConnect(reflect.ValueOf(&other).Elem())
	enableConnect(reflect.ValueOf(&struct{}{}).Elem())
}

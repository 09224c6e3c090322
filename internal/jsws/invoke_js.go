//go:build js && wasm

package jsws

import (
	"errors"

	"github.com/hack-pad/safejs"
)

// errArgument stands for syscall/js's panics over what is no value of JavaScript's.
var errArgument = errors.New("an argument is no JavaScript value")

// invoke calls f, and returns what JavaScript throws as an error. It is what
// safejs's Invoke does but for the stack trace which that adds to each error: the
// code for it would be a twentieth of what the library adds to a page.
func invoke(f safejs.Value, args ...any) (v safejs.Value, err error) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case error: // of JavaScript, or of a value that is no function
			err = thrown
		default:
			err = errArgument
		}
	}()
	return safejs.Safe(safejs.Unsafe(f).Invoke(plain(args)...)), nil
}

// plain replaces safejs's values in args by those of syscall/js.
func plain(args []any) []any {
	for i, a := range args {
		switch a := a.(type) {
		case safejs.Value:
			args[i] = safejs.Unsafe(a)
		case []any:
			plain(a)
		}
	}
	return args
}

//go:build js && wasm

package jsws

import "github.com/hack-pad/safejs"

// invoke calls f, and returns an exception as an error. It does what safejs's
// Invoke does, without the stack trace that Invoke adds to each error: the code
// for that would be a twentieth of what the library adds to a page.
func invoke(f any, args ...any) (v safejs.Value, err error) {
	defer func() {
		thrown := recover()
		if thrown == nil {
			return
		}
		err, _ = thrown.(error)
		if err == nil { // syscall/js panics if an argument is no JavaScript value
			err = errUnreadable
		}
	}()
	return safejs.Safe(safejs.Unsafe(value(f)).Invoke(plain(args)...)), nil
}

// plain replaces safejs.Values in args by js.Values.
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

package opening

import (
	"context"
	"runtime"
)

// outcome is the result of a function that runs on a goroutine of its own.
type outcome[T any] struct {
	value    T
	err      error
	gone     bool // it did not return: it panicked, or called runtime.Goexit
	panicked any
}

// Within calls f, and returns when ctx ends even if f, which may call the
// caller's own functions, does not: what it returns later goes to drop. A panic
// of f is passed on to the caller.
func Within[T any](ctx context.Context, f func(context.Context) (T, error), drop func(T)) (T, error) {
	if ctx.Done() == nil {
		return f(ctx)
	}
	done := make(chan outcome[T], 1)
	go func() {
		r := outcome[T]{gone: true}
		defer func() {
			if r.gone {
				r.panicked = recover()
			}
			done <- r
		}()
		r.value, r.err = f(ctx)
		r.gone = false
	}()
	select {
	case r := <-done:
		return r.result()
	case <-ctx.Done():
		go func() {
			r := <-done
			if v, err := r.result(); err == nil {
				drop(v)
			}
		}()
		var none T
		return none, ctx.Err()
	}
}

// result returns what f returned, or panics or exits as it did.
func (r *outcome[T]) result() (T, error) {
	switch {
	case r.panicked != nil:
		panic(r.panicked)
	case r.gone:
		runtime.Goexit()
	}
	return r.value, r.err
}

// Package chaos has only tests: both ends of many connections exchange messages
// over streams that disconnect, delay, split, join, reset, half-close and stall
// at random, while contexts end at any time and either side may close.
//
// The tests check that every delivered message is complete, of its type, in its
// writer's order, and delivered once; that a message whose Write failed was not
// delivered; that nothing that precedes the peer's close frame is missing; that
// errors are of the documented types; that every call keeps its time limit;
// that no goroutine is leaked; and, as far as the stream can see, that no
// buffer is used after it was returned to a pool.
//
// CHAOS_MESSAGES=n runs until n messages were delivered. CHAOS_SEED=n repeats
// the plans of a run whose seed was printed, and CHAOS_CONN=n the plan of a
// single connection of it: all random choices depend on the seed. The
// scheduling of goroutines does not, so a failure may need some repetitions
// (-count) to show again. Time is virtual: a minute of stalls costs nothing.
package chaos

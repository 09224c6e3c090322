// Package chaos has tests alone: both ends of many connections talk through
// streams that cut, delay, split, join, reset, half-close and stall at random,
// while contexts end at any moment and anybody may close.
//
// What is checked: every message that is delivered is whole, of its type, in
// its writer's order, and delivered once; what a Write gave up was not
// delivered; what came before the peer's close frame is not missing; errors are
// of the documented kinds; every call keeps to its bound; no goroutine stays
// behind; no buffer is used after it was given back, as far as the stream sees.
//
// CHAOS_MESSAGES=n runs until n messages were delivered. CHAOS_SEED=n repeats
// the plans of a run whose seed was printed, and CHAOS_CONN=n the plan of a
// single connection of it: all that is drawn at random comes from the seed. The
// order in which goroutines run does not, so that a fault may take some
// repetitions (-count) to show again. Time is virtual: a minute of stalls costs
// nothing.
package chaos

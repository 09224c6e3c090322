// Command empty does nothing: what is left is Go's own run-time.
package main

func main() {}

// Command program does what its first argument says, for the tests of homes.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	switch os.Args[1] {
	case "say": // ... and end with the code that the second argument says
		fmt.Printf("arguments %q, WS_TEST %s\n", os.Args[1:], os.Getenv("WS_TEST"))
		fmt.Fprintln(os.Stderr, "a problem")
		os.Stdout.Write([]byte{'e', 0xff, 0, 0xc3}) // no line, and not UTF-8
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "panic":
		panic("oh")
	case "wait":
		fmt.Println("waiting")
		for {
			time.Sleep(time.Hour)
		}
	}
}

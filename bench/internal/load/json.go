package load

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// words fill what the objects leave of a document.
var words = strings.Fields("order filled partly at market and limit price after a wait in the book of the exchange " +
	"cancelled by client request then replaced with new quantity")

// Document returns JSON of exactly n bytes, such as a feed of trades sends: an
// array of objects with the same fields, and a note.
func Document(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 9))
	var b strings.Builder
	fmt.Fprintf(&b, `{"type":"trades","seq":%d,"trades":[`, 100_000+seed)
	const tail = `],"note":""}`
	for i := 0; ; i++ {
		o := trade(r)
		if i > 0 {
			o = "," + o
		}
		if b.Len()+len(o)+len(tail) > n {
			break
		}
		b.WriteString(o)
	}
	b.WriteString(tail[:len(tail)-2])
	for room := n - b.Len() - 2; room > 0; {
		w := words[r.IntN(len(words))] + " "
		w = w[:min(room, len(w))]
		b.WriteString(w)
		room -= len(w)
	}
	b.WriteString(tail[len(tail)-2:])
	return []byte(b.String())
}

func trade(r *rand.Rand) string {
	symbols := []string{"BTC-EUR", "ETH-EUR", "SOL-USD", "ADA-USD", "XRP-EUR"}
	return fmt.Sprintf(`{"id":%d,"symbol":%q,"side":%q,"price":"%d.%02d","quantity":%d.%03d,"time":17321%08d,"maker":%t}`,
		r.IntN(1e7), symbols[r.IntN(len(symbols))], []string{"buy", "sell"}[r.IntN(2)],
		r.IntN(1000), r.IntN(100), r.IntN(10), r.IntN(1000), r.IntN(1e8), r.IntN(2) == 0)
}

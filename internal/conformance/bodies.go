package conformance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	bodyPool = 512 << 10
	maxBody  = 128 << 10
)

// bodies are what messages are made of whose compression is tried, from seeds.
var bodies = []struct {
	name   string
	op     byte
	pool   func() []byte
	shrink bool // from 256 bytes on, always: they must come back compressed
}{
	{"json", OpText, bodyOf(jsonRecord), true},
	{"text", OpText, bodyOf(sentence), true},
	{"utf8", OpText, bodyOf(foreignSentence), true},
	{"random", OpBinary, binaryPool, false},
}

func bodyOf(piece func(s *strings.Builder, r *rand.Rand)) func() []byte {
	return sync.OnceValue(func() []byte {
		var s strings.Builder
		for r := rand.New(rand.NewPCG(7692, 1)); s.Len() < bodyPool; {
			piece(&s, r)
		}
		return []byte(s.String()[:bodyPool])
	})
}

func jsonRecord(s *strings.Builder, r *rand.Rand) {
	fmt.Fprintf(s, `{"order":%d,"buyer":{"name":"%x","country":%q},"lines":[{"item":"A-%04d","count":%d,"price":%d.%02d}],"paid":%t},`,
		r.IntN(1_000_000), r.Uint32(), []string{"DE", "FI", "JP", "PE"}[r.IntN(4)], r.IntN(10_000), 1+r.IntN(9), r.IntN(1000), r.IntN(100), r.IntN(3) > 0)
}

func sentence(s *strings.Builder, r *rand.Rand) {
	pick(s, r, "the a one no harbour lamp winter ferry captain letter stone of at under without carries waits remembers breaks")
}

// foreignSentence has characters of two, three and four bytes.
func foreignSentence(s *strings.Builder, r *rand.Rand) {
	pick(s, r, "größe çok été мост зима 海 橋を 冬の港 θάλασσα ночь 𝄞 🚢 éléphant лампа 石 und ja")
}

func pick(s *strings.Builder, r *rand.Rand, words string) {
	all := strings.Fields(words)
	for range 4 + r.IntN(9) {
		s.WriteString(all[r.IntN(len(all))] + " ")
	}
	fmt.Fprintf(s, "%d. ", r.IntN(1000))
}

// body is the nth message of size bytes, maxBody at most, made of kind k. Text
// that would end inside a character ends in full stops.
func body(k, size, n int) Frame {
	kind := bodies[k]
	start := n * (size + 13) % (bodyPool - maxBody - utf8.UTFMax)
	p := kind.pool()[start:]
	for kind.op == OpText && !utf8.RuneStart(p[0]) {
		p = p[1:]
	}
	p = p[:size]
	if r, n := utf8.DecodeLastRune(p); kind.op == OpText && r == utf8.RuneError && n == 1 {
		whole := size - 1
		for !utf8.RuneStart(p[whole]) {
			whole--
		}
		p = append(append([]byte(nil), p[:whole]...), "..."[:size-whole]...)
	}
	return Frame{Fin: true, Op: kind.op, Payload: p}
}

// exchange sends messages of kind k and such sizes, count of each, compressed,
// in fragments of cut bytes or whole, and wants them back.
func exchange(k, count, cut int, sizes ...int) Step {
	var s Step
	for _, size := range sizes {
		for n := range count {
			want := body(k, size, n)
			sent := want.compressed()
			sent.Cut, want.Compress = cut, bodies[k].shrink && size >= 256
			s.Send, s.Want = append(s.Send, sent), append(s.Want, want)
		}
	}
	return s
}

// agreeing is c with compression: a server target is offered d, and a client
// target offers it; it is what they agree on. Bits are 8 to 15.
func (c Case) agreeing(d Deflate) Case {
	c.Compression = &d
	list := deflateName
	if d.ServerNoContextTakeover {
		list += "; server_no_context_takeover"
	}
	if d.ClientNoContextTakeover {
		list += "; client_no_context_takeover"
	}
	if d.ServerMaxWindowBits < 15 {
		list += fmt.Sprintf("; server_max_window_bits=%d", d.ServerMaxWindowBits)
	}
	c.Offer, c.Agree = list+"; client_max_window_bits", list
	if d.ClientMaxWindowBits < 15 {
		c.Agree += fmt.Sprintf("; client_max_window_bits=%d", d.ClientMaxWindowBits)
	}
	return c
}

// largest has takeover and windows of 32 KiB in both directions.
var largest = Deflate{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}

// takeovers are all ways of agreeing about context takeover.
var takeovers = []struct {
	name               string
	serverNo, clientNo bool
}{{"takeover", false, false}, {"server-no-takeover", true, false}, {"client-no-takeover", false, true}, {"no-takeover", true, true}}

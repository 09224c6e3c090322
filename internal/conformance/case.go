package conformance

import "slices"

// Class is a part of the protocol. The numbers are those that the public suites
// of WebSocket tests have made usual.
type Class int

// The classes. 11 is performance, which is not part of conformance.
const (
	Framing       Class = 1
	Pings         Class = 2
	ReservedBits  Class = 3
	Opcodes       Class = 4
	Fragmentation Class = 5
	UTF8          Class = 6
	Closing       Class = 7
	Headers       Class = 8
	Limits        Class = 9
	Automatic     Class = 10
	Compression   Class = 12
	Negotiation   Class = 13
)

// Classes lists them all, with their names.
var Classes = []struct {
	Class Class
	Name  string
}{
	{Framing, "1-framing"},
	{Pings, "2-pings-and-pongs"},
	{ReservedBits, "3-reserved-bits"},
	{Opcodes, "4-reserved-opcodes"},
	{Fragmentation, "5-fragmentation"},
	{UTF8, "6-utf8"},
	{Closing, "7-closing"},
	{Headers, "8-masks-and-lengths"},
	{Limits, "9-limits"},
	{Automatic, "10-automatic-fragmentation"},
	{Compression, "12-compression"},
	{Negotiation, "13-compression-negotiated"},
}

// Case is one conversation with a connection under test, the target.
type Case struct {
	Name    string // unique in its class
	Class   Class
	Section string // of RFC 6455 unless it names another
	Why     string // the rule, in a sentence

	// Offer is what the peer, as a client, offers in Sec-WebSocket-Extensions,
	// each line in a field of its own; Agree is what is agreed on: a server
	// target must answer it, and a client target is answered it.
	Offer, Agree string
	// Compression is what the target is told to want; nil for no compression.
	Compression *Deflate
	// Only is the role of the targets that the case is for.
	Only Role
	// Bulk says that the case is one of many bytes, which one target of each
	// role is enough for.
	Bulk bool

	// Limit is the target's read limit in bytes; 0 means one above all cases.
	Limit int64
	// Do is what the target does with messages.
	Do Behaviour
	// Clock says that the case waits for a time limit: it is for pipes in
	// time of their own.
	Clock bool

	Steps []Step
	End   End
}

// Role is a side of a connection.
type Role int

const (
	Either Role = iota
	Server
	Client
)

// Behaviour is what the target does with messages.
type Behaviour int

const (
	// Echo sends each back in one call.
	Echo Behaviour = iota
	// Stream sends each back through a Reader and a Writer.
	Stream
	// CloseFirst begins the closing handshake with 1000 "enough" once the
	// first message has come.
	CloseFirst
)

// Step sends, and then wants. Receiving begins at once, since a target answers
// while it is sent to.
type Step struct {
	// Resume is how many of the bytes held back by the last step go first.
	Resume int
	Send   []Frame
	// Hold is how many bytes at the end are held back.
	Hold int
	// Chop is how the bytes are cut into writes.
	Chop Chop

	// Want is what must come, and nothing else: whole messages, each in one
	// frame unless the target streams, and control frames.
	Want []Frame
	// AnyOrder lets pongs and messages overtake each other. Among themselves
	// both keep their order.
	AnyOrder bool
}

// Chop is a number of bytes per write, or one of the constants.
type Chop int

const (
	AtOnce   Chop = 0  // as few writes as can be
	PerFrame Chop = -1 // one write for each frame
	Octets   Chop = 1  // one write for each byte
)

// EndKind is how a case ends after its steps.
type EndKind int

const (
	// Goodbye: the target is well. The peer closes with 1000 and is answered.
	Goodbye EndKind = iota
	// Failed: the target sends a close frame with Code, and then ends the
	// stream. Its program gets the error for Code.
	Failed
	// Answered: the peer has sent a close frame with Code and Reason (1005 for
	// an empty one); the target answers with the same code, and then the stream
	// ends. Its program gets Code and Reason.
	Answered
	// Begun: the target began to close; the stream ends. Its program gets Code,
	// -1 if the peer sent none, and Reason, and whether the end was Clean.
	Begun
	// Cut: the peer ends the stream without a close frame, its half of it where
	// it has halves: then the target sends a close frame with 1002. Its program
	// gets 1006.
	Cut
	// Refused: the handshake fails. A server target answers with the status
	// Code, a client target ends the stream; neither sends a frame.
	Refused
)

// End is how a case ends.
type End struct {
	Kind   EndKind
	Code   int
	Reason string
	Clean  bool
}

// Scale is how much the cases of class 9, and those of compression, carry. It
// never changes how many there are of any other class.
type Scale int

const (
	// Full: up to 16 MiB in a message, 4 MiB in fragments, 1,000 messages of
	// each size.
	Full Scale = iota
	// Raced is for the race detector, which makes a byte cost fifty times as
	// much: 1 MiB in fragments, 100 messages of the sizes over 4 KiB. To be
	// compressed there are few messages over 4 KiB; and each window meets each
	// kind of message, and each way of taking contexts over, but not all at
	// once.
	Raced
	// Short: up to 1 MiB in a message and in fragments, and 50 messages.
	Short
)

// Cases returns the whole table.
func Cases(scale Scale) []Case {
	return slices.Concat(framing(), pings(), reservedBits(), opcodes(), fragmentation(), utf8Cases(),
		closings(), headers(), limits(scale), automatic(), compression(scale), negotiation(scale))
}

// of puts cases into a class.
func of(class Class, cases ...Case) []Case {
	for i := range cases {
		cases[i].Class = class
	}
	return cases
}

// well is a case that the target survives.
func well(section, name, why string, steps ...Step) Case {
	return Case{Section: "RFC 6455 section " + section, Name: name, Why: why, Steps: steps}
}

// fails is a case that the target must end with code.
func fails(code int, section, name, why string, steps ...Step) Case {
	c := well(section, name, why, steps...)
	c.End = End{Kind: Failed, Code: code}
	return c
}

// answers is a case in which the peer closes.
func answers(code int, reason, section, name, why string, steps ...Step) Case {
	c := well(section, name, why, steps...)
	c.End = End{Kind: Answered, Code: code, Reason: reason}
	return c
}

// only is c for targets of one role.
func (c Case) only(r Role) Case {
	c.Only = r
	return c
}

func send(frames ...Frame) Step { return Step{Send: frames} }

// want is s with what must come.
func (s Step) want(frames ...Frame) Step {
	s.Want = frames
	return s
}

// echoed is s with its frames as what must come.
func (s Step) echoed() Step { return s.want(s.Send...) }

// chop is s in pieces.
func (s Step) chop(c Chop) Step {
	s.Chop = c
	return s
}

// hold is s with n bytes held back.
func (s Step) hold(n int) Step {
	s.Hold = n
	return s
}

// anyOrder is s with pongs and messages free to overtake each other.
func (s Step) anyOrder() Step {
	s.AnyOrder = true
	return s
}

// resume goes on with n bytes that were held back.
func resume(n int) Step { return Step{Resume: n} }

// chops are the ways of cutting that most cases are tried in.
var chops = []struct {
	name string
	Chop
}{{"at-once", AtOnce}, {"per-frame", PerFrame}, {"octets", Octets}}

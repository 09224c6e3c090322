package conformance

import "slices"

// compress has the peer compress and inflate as agreed on.
func (p *Peer) compress(agreed deflateParams) {
	p.deflate = &deflater{window: window(agreed.serverBits), takeover: !agreed.serverNo}
	p.inflate = &inflater{window: window(agreed.clientBits), takeover: !agreed.clientNo}
	if p.client {
		p.deflate.window, p.inflate.window = p.inflate.window, p.deflate.window
		p.deflate.takeover, p.inflate.takeover = p.inflate.takeover, p.deflate.takeover
	}
}

// onWire returns frames as they go on the wire.
func (p *Peer) onWire(frames []Frame) []Frame {
	if p.deflate == nil || !slices.ContainsFunc(frames, func(f Frame) bool { return f.Compress }) {
		return frames
	}
	var all []Frame
	for _, f := range frames {
		if !f.Compress {
			all = append(all, f)
			continue
		}
		p.record.add(entry{note: "compresses " + f.String()})
		f.Payload = p.deflate.message(f.Payload)
		f.Compress, f.RSV = false, f.RSV|RSV1
		if f.Cut > 0 {
			all = append(all, f.fragments(f.Cut)...)
		} else {
			all = append(all, f)
		}
	}
	return all
}

// uses are the reserved bits that an extension gave a meaning to.
func (p *Peer) uses() byte {
	if p.inflate != nil {
		return RSV1
	}
	return 0
}

// inflated takes a message out of its compressed form.
func (p *Peer) inflated(f *Frame) (err error) {
	if f.RSV == RSV1 {
		f.Payload, err = p.inflate.message(f.Payload)
		f.Compress, f.RSV = true, 0
	}
	return err
}

# Protocol::WebSocket as a peer in both roles. It makes and parses handshakes
# and frames; sockets are this program's. What it reads and prints is described
# in peer_native_test.go.
use strict;
use warnings;
use Encode ();
use IO::Socket::INET;
use JSON::PP;
use Protocol::WebSocket;
use Protocol::WebSocket::Frame;
use Protocol::WebSocket::Handshake::Client;
use Protocol::WebSocket::Handshake::Server;

my $json = JSON::PP->new->utf8->canonical;
my $spec = $json->decode(scalar <STDIN>);
my %report = (library => Protocol::WebSocket->VERSION, error => '', messages => 0, ended => '', code => 0, reason => '', subprotocol => '');
my %draft = (
    75 => 'draft-hixie-75',
    76 => 'draft-ietf-hybi-00',
    7  => 'draft-ietf-hybi-10', # its server takes every version below 13 for 8
    8  => 'draft-ietf-hybi-10',
    13 => 'draft-ietf-hybi-17',
);
my $version = $spec->{version};
my $hixie = $version > 13;
my ($socket, $handshake, $frames);
$SIG{PIPE} = 'IGNORE';

sub say_json { $| = 1; print $json->encode($_[0]), "\n" }

# Messages are a type and bytes: a unit many times, text or hexadecimal.
sub message {
    my $m = shift;
    return ['binary', pack('H*', $m->{unit}) x $m->{times}] if $m->{binary};
    return ['text', utf8_bytes($m->{unit}) x $m->{times}];
}

sub utf8_bytes { my $s = shift; utf8::encode($s); return $s } # noncharacters too

# The limits of size are for other programs than this. Texts go through the
# library as characters, decoded as its Frame::next does it.
sub send_frame {
    my ($type, $bytes) = @_;
    $bytes = Encode::decode('UTF-8', $bytes) if $type eq 'text';
    my $out = $handshake->build_frame(type => $type, buffer => $bytes, max_payload_size => undef)->to_bytes;
    write_all($out);
}

sub write_all {
    my $out = shift;
    my $at = 0;
    while ($at < length $out) {
        my $n = syswrite $socket, $out, length($out) - $at, $at;
        return if !defined $n && $report{ended}; # the other side may have gone
        die "writing: $!\n" unless defined $n;
        $at += $n;
    }
}

sub read_some {
    my $n = sysread $socket, my $buffer, 65536;
    return $buffer if $n;
    $report{ended} ||= 'eof';
    return;
}

# receive is the next message, or undef after a close frame or the stream's end.
sub receive {
    while (1) {
        my $bytes = $frames->next_bytes;
        if (!defined $bytes) {
            my $more = read_some();
            return unless defined $more;
            $frames->append($more);
            next;
        }
        if ($frames->is_close) {
            $report{ended} = 'close';
            if (length $bytes >= 2) {
                $report{code} = unpack 'n', $bytes;
                $report{reason} = Encode::decode('UTF-8', substr $bytes, 2);
            }
            return;
        }
        if (!$hixie && $frames->is_ping) { send_frame(pong => $bytes); next }
        next if !$hixie && $frames->is_pong;
        return [!$hixie && $frames->is_binary ? 'binary' : 'text', $bytes];
    }
}

sub send_close {
    my ($code, $reason) = @_;
    return send_frame(close => '') if $hixie || !$code;
    send_frame(close => pack('n', $code) . Encode::encode('UTF-8', $reason));
}

# finish closes or waits for the other side's close, and answers it.
sub finish {
    if ($spec->{peerCloses}) {
        # In hixie-75 FF 00 is a frame without content, to be discarded; the
        # library makes it there too.
        send_close($spec->{code}, $spec->{reason});
        return close $socket if $version == 75; # it has no answer
        die "a message where a close frame was due\n" if receive();
    }
    else {
        die "a message where the end was due\n" if receive();
        send_close($report{code}, $report{reason}) if $report{ended} eq 'close' && $version != 75;
    }
    shutdown $socket, 1;
    1 while sysread $socket, my $rest, 65536;
    close $socket;
}

sub client {
    $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $spec->{port}) or die "connecting: $!\n";
    $handshake = Protocol::WebSocket::Handshake::Client->new(
        url => "ws://127.0.0.1:$spec->{port}/chat?room=1", version => $draft{$version});
    $handshake->req->origin($spec->{origin}) if $spec->{origin};
    $handshake->req->subprotocol(join ', ', @{$spec->{offers}}) if $spec->{offers};
    write_all($handshake->to_string);
    my $buffer = '';
    until ($handshake->is_done) {
        $buffer = read_some();
        die "the connection ended before the answer\n" unless defined $buffer;
        $handshake->parse($buffer) or die 'the answer: ' . $handshake->error . "\n";
    }
    $report{subprotocol} = $handshake->res->subprotocol // '';
    $frames = $handshake->build_frame(max_payload_size => undef);
    $frames->append($buffer);
    for my $batch (@{$spec->{batches} || []}) {
        my @sent = map { message($_) } @$batch;
        send_frame(@$_) for @sent;
        for my $want (@sent) {
            my $got = receive() or die "the connection ended ($report{ended} $report{code}) before an echo\n";
            $got->[0] eq $want->[0] && $got->[1] eq $want->[1] or die sprintf
                "message %d came back as %s of %d bytes, want %s of %d\n",
                $report{messages}, $got->[0], length $got->[1], $want->[0], length $want->[1];
            $report{messages}++;
        }
    }
    finish();
}

sub server {
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1) or die "listening: $!\n";
    say_json({port => $listener->sockport});
    $socket = $listener->accept or die "accepting: $!\n";
    close $listener;
    $handshake = Protocol::WebSocket::Handshake::Server->new;
    until ($handshake->is_done) {
        my $buffer = read_some();
        die "the connection ended before the request\n" unless defined $buffer;
        $handshake->parse($buffer) or die 'the request: ' . $handshake->error . "\n";
    }
    die 'the request has version ' . $handshake->version . "\n" if $handshake->version ne $draft{$version};
    $handshake->res->subprotocol($spec->{offers}[0]) if $spec->{offers};
    write_all($handshake->to_string);
    $frames = $handshake->build_frame(max_payload_size => undef);
    while ($report{messages} < $spec->{messages}) {
        my $got = receive() or die "the connection ended ($report{ended} $report{code}) before a message\n";
        send_frame(@$got);
        $report{messages}++;
    }
    finish();
}

eval { $spec->{role} eq 'client' ? client() : server(); 1 } or chomp($report{error} = $@ || 'unknown');
$_ += 0 for @report{qw(messages code)};
say_json(\%report);

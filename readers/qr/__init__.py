"""Where a card's QR payload comes from: a serial scanner's lines, or a picture. What it says is `readers.cccd.qr`'s."""

package bundle

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// An executable for macOS on arm64 carries an ad-hoc signature, which the Go linker
// writes: a list of hashes, one for each page of the file. The system ends a process
// that reads a page whose hash is another one, and the slot is in such a page. There
// is no key in it, so the hash can simply be made again. What is appended behind the
// signature is not part of it.

// The parts of a Mach-O file that lead to the hashes. Load commands are little-endian,
// signatures big-endian.
const (
	machMagic        = 0xfeedfacf // 64 bits
	machHeader       = 32
	loadSignature    = 0x1d
	signatureMagic   = 0xfade0cc0 // SuperBlob
	directoryMagic   = 0xfade0c02 // CodeDirectory
	certificateSlot  = 0x10000    // of a SuperBlob: made with a key
	emptyCertificate = 8          // its size when there is none
	hashSHA256       = 2
)

var errSignature = errors.New("the runtime's signature is damaged")

// resign makes the page hashes right again after from … to of the file was changed. A
// file that is no Mach-O, or has no signature, is left as it is.
func resign(exe []byte, from, to int) error {
	if len(exe) < machHeader || binary.LittleEndian.Uint32(exe) != machMagic {
		return nil
	}
	at, size, err := findSignature(exe)
	if err != nil || size == 0 {
		return err
	}
	sig := exe[at : at+size]
	big := binary.BigEndian
	if len(sig) < 12 || big.Uint32(sig) != signatureMagic {
		return errSignature
	}
	n := int(big.Uint32(sig[8:]))
	if n > (len(sig)-12)/8 {
		return errSignature
	}
	for i := range n {
		kind, offset := big.Uint32(sig[12+8*i:]), int(big.Uint32(sig[16+8*i:]))
		if offset < 0 || offset > len(sig)-8 {
			return errSignature
		}
		blob := sig[offset:]
		if length := int(big.Uint32(blob[4:])); length < 8 || length > len(blob) {
			return errSignature
		} else {
			blob = blob[:length]
		}
		switch {
		case kind == certificateSlot && len(blob) > emptyCertificate:
			return errors.New("the runtime is signed with a certificate, which aro build would break; use one without (codesign --remove-signature), and sign what is built")
		case big.Uint32(blob) == directoryMagic:
			if err := rehash(blob, exe, from, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// findSignature returns where the signature is; size 0 means that there is none.
func findSignature(exe []byte) (at, size int, err error) {
	little := binary.LittleEndian
	pos, left := machHeader, little.Uint32(exe[16:])
	for ; left > 0; left-- {
		if pos > len(exe)-8 {
			return 0, 0, errSignature
		}
		command, length := little.Uint32(exe[pos:]), int(little.Uint32(exe[pos+4:]))
		if length < 8 || length > len(exe)-pos {
			return 0, 0, errSignature
		}
		if command == loadSignature {
			if length < 16 {
				return 0, 0, errSignature
			}
			at, size = int(little.Uint32(exe[pos+8:])), int(little.Uint32(exe[pos+12:]))
			if at > len(exe) || size > len(exe)-at {
				return 0, 0, errSignature
			}
			return at, size, nil
		}
		pos += length
	}
	return 0, 0, nil
}

// rehash computes the hashes of the pages that hold from … to.
func rehash(directory, exe []byte, from, to int) error {
	if len(directory) < 44 {
		return errSignature
	}
	big := binary.BigEndian
	hashes, slots, limit := int(big.Uint32(directory[16:])), int(big.Uint32(directory[28:])), int(big.Uint32(directory[32:]))
	hashSize, hashType, shift := int(directory[36]), directory[37], directory[39]
	if hashType != hashSHA256 || hashSize != sha256.Size {
		return fmt.Errorf("the runtime's signature has hashes of kind %d, which aro build cannot make", hashType)
	}
	if shift < 8 || shift > 24 || limit > len(exe) || hashes > len(directory) || slots > (len(directory)-hashes)/hashSize {
		return errSignature
	}
	for page := from >> shift; page<<shift < min(to, limit); page++ {
		if page >= slots {
			return errSignature
		}
		sum := sha256.Sum256(exe[page<<shift : min((page+1)<<shift, limit)])
		copy(directory[hashes+page*hashSize:], sum[:])
	}
	return nil
}

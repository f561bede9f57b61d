package bytecode

import "testing"

func TestRelays(t *testing.T) {
	const sites = "\nsites\nsend <> to <> args [sink, object]\nstore <> into <x> args [result]"
	for _, test := range []struct {
		code   string
		relays bool
	}{
		{"GET r1, r0, .data\nGETQ r2, r0, .connection\nACT _, site 0, r1\nEND", true},
		{"NAME r1, r0, event\nGET r1, r1, .data\nMOVE r2, r1\nACT r3, site 0, r1\nEND", true},
		{"GET r1, r0, .data\nCONCAT r1, r1, 1\nCONST r2, 1\nACT _, site 0, r1\nEND", true},
		{"GET r1, r0, .data\nOBJ r1, {a, b}, r1\nLIST r2, r1, 1\nACT _, site 0, r1\nEND", true},
		{"GET r1, r0, .data\nACT _, site 1, r1\nEND", false},
		{"GET r1, r0, .data\nEXPORT r1, #0\nEND\nnames\nx", false},
		{"GET r1, r0, .data.name\nEND", false},
		{"GET r1, r0, .data\nGET r2, r1, .name\nEND", false},               // looks into the text
		{"NAME r0, r0, event\nGET r0, r0, .a\nGET r0, r0, .b\nEND", false}, // the same in one register
		{"CONST r0, 1\nGET r1, r0, .a\nEND", false},                        // no longer what it was given
		{"MOVE r1, r0\nUNSET r1, 2\nGET r2, r1, .a\nEND", false},           // nothing
		{"GET r1, r0, .data\nMATCHES r2, r1, r1\nEND", false},              // patterns are kept
		{"GET r1, r0, .data\nVALUE r1, r1\nEND", false},                    // JSON is read
		{"JT r0, -> 2\nMOVE r1, r0\nEND", false},                           // not straight
	} {
		c, err := Assemble("feature-set \"x\"\nentry event r0\nregisters 4\ncode\n" + test.code + sites)
		if err != nil {
			t.Errorf("%s\n%v", test.code, err)
			continue
		}
		if err := Verify(c); err != nil {
			t.Errorf("%s\n%v", test.code, err)
		} else if got := c.Relays("send", "broadcast"); got != test.relays {
			t.Errorf("%v: %s", got, test.code)
		}
	}
}

package guard

import (
	"strings"
	"testing"

	"skytower/internal/skytells"
)

// unseen are texts that were written when the first rules stood. The rules were changed
// later for kinds of texts that it showed to be missed, so it says less than it did.
func unseen() []sample {
	return []sample{
		{"reach me: bob_smith.77@mail.example.museum!", "reach me: [email]!"},
		{"Kontakt: vertrieb@firma-beispiel.de oder 0800 1234567.", "Kontakt: [email] oder [phone]."},
		{"Mon numéro : 07 81 23 45 67", "Mon numéro : [phone]"},
		{"mi teléfono es 91 234 56 78", "mi teléfono es [phone]"},
		{"escríbeme a maría@ejemplo.example.com o llámame", "escríbeme a [email] o llámame"},
		{"Numaram 05321234567, ara beni", "Numaram [phone], ara beni"},
		{"ev: 0 (312) 555 12 34", "ev: [phone]"},
		{"رقمي +20 100 123 4567 واتساب", "رقمي [phone] واتساب"},
		{"راسلني على ali.hasan@example.org", "راسلني على [email]"},
		{"请拨打010-62345678咨询", "请拨打[phone]咨询"},
		{"微信同号：139 0013 9000", "微信同号：[phone]"},
		{"TEL：０３（１２３４）５６７８", "TEL：[phone]"},
		{"携帯 080-1234-5678 に連絡", "携帯 [phone] に連絡"},
		{"(0171) 234 5678", "[phone]"},
		{"+44 (0)20 7946 0000", "[phone]"},
		{"+1.415.555.0132", "[phone]"},
		{"tel:+1-415-555-0132", "tel:[phone]"},
		{"My cell: (212)555-0147", "My cell: [phone]"},
		{"4155550132 is what I dial", "[phone] is what I dial"},
		{"+91 98765 43210", "[phone]"},
		{"+7 (495) 123-45-67", "[phone]"},
		{"8 800 555-35-35", "[phone]"},
		{"Visa 4012888888881881 ok?", "Visa [card] ok?"},
		{"pay with 5105 1051 0510 5100.", "pay with [card]."},
		{"3714-496353-98431", "[card]"},
		{"36227206271667", "[card]"},
		{"JCB: 3566002020360505", "JCB: [card]"},
		{"6011000990139424", "[card]"},
		{"kart no 4543 5600 0000 0000 000", "kart no 4543 5600 0000 0000 000"},
		{"My IBAN is AT61 1904 3002 3457 3201", "My IBAN is [iban]"},
		{"CH93 0076 2011 6238 5295 7", "[iban]"},
		{"it60x0542811101000000123456", "[iban]"},
		{"IBAN: PL61109010140000071219812874;", "IBAN: [iban];"},
		{"BE68-5390-0754-7034", "[iban]"},
		{"AE07 0331 2345 6789 0123 456", "[iban]"},
		{"OPENROUTER=sk-or-v1-" + strings.Repeat("0a1b2c3d", 8), "OPENROUTER=[key]"},
		{"glpat-" + strings.Repeat("Xy9_", 5), "[key]"},
		{"hf_" + strings.Repeat("aBcDeF", 6), "[key]"},
		{"curl -H 'authorization: bearer " + strings.Repeat("Zz8Yy7Xx", 4) + "'", "curl -H 'authorization: [key]'"},
		{"-----BEGIN RSA " + "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\n" + strings.Repeat("QUJD", 16) + "\n-----END RSA " + "PRIVATE KEY-----", "[key]"},
		{"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [key]"},
		{"john at example dot com", "[email]"},
		// Near misses.
		{"Invoice INV-2024-00123456 over 1,234.56 USD", ""},
		{"tracking 1Z999AA10123456784", ""},
		{"Rechnung 4711-0815 vom 3.4.2024", ""},
		{"SIRET 732 829 320 00074", ""},
		{"NIF 12345678Z, código postal 28013", ""},
		{"T.C. 10000000146 değil", ""},
		{"رقم الطلب 987654321", ""},
		{"流水号：62001234567890123", ""},
		{"注文番号 250-1234567-7654321", ""},
		{"GET /v1/items/4242424242424243?page=2", ""},
		{"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""},
		{"a1b2c3d4-0000-1111-2222-333344445555", ""},
		{"2001:0db8:85a3:0000:0000:8a2e:0370:7334", ""},
		{"00:1B:44:11:3A:B7", ""},
		{"ISBN 3-16-148410-X", ""},
		{"DOI 10.1000/182 and arXiv 2401.01234", ""},
		{"pi is 3.14159265358979323846", ""},
		{"scores 21-19, 19-21, 21-15", ""},
		{"opening hours 08.00-12.00 13.00-17.00", ""},
		{"user@host:~$ ssh root@10.0.0.1", ""},
		{"import x from '@scope/pkg@2.0.1'", ""},
		{"9780306406157", ""},
		{"Go 1.26.0, Redis 7.4.2, PostgreSQL 17.2", ""},
		{"uint64 max is 18446744073709551615", ""},
		{"sk-SK and sk-learn-contrib-packages-index", ""},
		{"coordinates 52.520008, 13.404954", ""},
		{"1 000 000 000 and 02 03 04", ""},
		{"part 0815-47110 rev B", ""},
	}
}

// The numbers are those that docs/guards.md tells. Who makes the rules better lowers them.
func TestTextsThatTheRulesWereNotMadeFor(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]struct {
		texts            []sample
		mayMiss, mayFind int
	}{
		"first":  {unseen(), 5, 2},
		"second": {unseenLater(), 4, 1},
		"last":   {unseenLast(), 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			missed, wrong := count(t, table.texts)
			if missed > table.mayMiss || wrong > table.mayFind {
				t.Errorf("%d missed, %d found wrongly; it was %d and %d", missed, wrong, table.mayMiss, table.mayFind)
			}
		})
	}
}

// count counts the texts in which personal data is missed or cut wrongly, and those without
// any in which some is found.
func count(t *testing.T, texts []sample) (missed, wrong int) {
	t.Helper()
	g := New(skytells.GuardSpec{Name: "pii", Kind: PersonalData, Action: "redact"})
	with, without := 0, 0
	for _, s := range texts {
		none := s.want == "" || s.want == s.text
		if none {
			s.want = s.text
			without++
		} else {
			with++
		}
		switch got := whole(t, g, s.text); {
		case got == s.want:
		case none:
			wrong++
			t.Logf("found without being there: %q became %q", s.text, got)
		default:
			missed++
			t.Logf("missed, or cut wrongly: %q became %q", s.text, got)
		}
	}
	t.Logf("%d texts with personal data, %d missed or cut wrongly; %d without, %d found all the same", with, missed, without, wrong)
	return missed, wrong
}

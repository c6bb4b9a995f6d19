package config

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value is a field of Config that can be set from text and shown as text. What
// text returns is canonical, can be set again, and hides secrets.
type value interface {
	set(text string) error
	text() string
}

type addressValue struct {
	to       *string
	mayBeOff bool
}

func (v *addressValue) set(text string) error {
	if v.mayBeOff && (text == "" || text == "off") {
		*v.to = ""
		return nil
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT; an example is 127.0.0.1:8080", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port from 0 to 65535 after its last colon", text)
	}
	*v.to = text
	return nil
}

func (v *addressValue) text() string { return *v.to }

// isLoopback reports whether nobody but this machine can reach a listener there.
// A host name other than localhost counts as reachable: it may mean anything.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

type pathValue struct {
	to       *string
	required bool
}

func (v *pathValue) set(text string) error {
	if text == "" {
		if v.required {
			return errors.New("it is empty; give a path")
		}
		*v.to = ""
		return nil
	}
	if strings.ContainsRune(text, 0) {
		return errors.New("it has a zero byte in it")
	}
	*v.to = filepath.Clean(text)
	return nil
}

func (v *pathValue) text() string { return *v.to }

type databaseValue struct{ to *DatabaseURL }

// set never quotes the text, nor url.Parse's error, which does.
func (v *databaseValue) set(text string) error {
	if path, ok := strings.CutPrefix(text, sqliteScheme); ok {
		if strings.HasPrefix(path, "//") || strings.HasPrefix(path, ":") || strings.ContainsAny(path, "?\x00") {
			return errors.New("after sqlite: comes the path of a file, without //, and neither :memory: nor parameters")
		}
		*v.to = DatabaseURL(text)
		return nil
	}
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return errors.New("it begins with neither sqlite: nor postgres://")
	}
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("it is not a proper URL; special characters in a password are written as %XX")
	}
	if strings.Trim(u.Path, "/") == "" && !u.Query().Has("dbname") {
		return errors.New("it names no database; an example is postgres://USER:PASSWORD@HOST:5432/skytower")
	}
	*v.to = DatabaseURL(text)
	return nil
}

func (v *databaseValue) text() string { return v.to.String() }

type publicURLValue struct{ to **url.URL }

func (v *publicURLValue) set(text string) error {
	if text == "" {
		*v.to = nil
		return nil
	}
	u, err := parseHTTP(text)
	if err != nil {
		return err
	}
	*v.to = u
	return nil
}

func (v *publicURLValue) text() string {
	if *v.to == nil {
		return ""
	}
	return (*v.to).String()
}

type baseURLValue struct{ to *string }

func (v *baseURLValue) set(text string) error {
	u, err := parseHTTP(text)
	if err != nil {
		return err
	}
	*v.to = u.String()
	return nil
}

func (v *baseURLValue) text() string { return *v.to }

// parseHTTP wants a bare http or https URL and takes slashes off its end. A URL
// with a password is not quoted.
func parseHTTP(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return nil, errors.New("it is not an http:// or https:// URL; an example is https://ai.example.com")
	case u.User != nil:
		return nil, errors.New("it has a user name in it; leave that out")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("it has something after ? or #; leave that out")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

type prefixesValue struct {
	to     *[]netip.Prefix
	notAll bool // a range of every address is a mistake here
}

func (v *prefixesValue) set(text string) error {
	var list []netip.Prefix
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := parsePrefix(field)
		if err != nil {
			return err
		}
		if v.notAll && prefix.Bits() == 0 {
			return fmt.Errorf("%s is every address there is, so nothing would be guarded; name the ranges", prefix)
		}
		if !slices.Contains(list, prefix) {
			list = append(list, prefix)
		}
	}
	*v.to = list
	return nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address range; examples are 10.0.0.0/8 and 192.168.1.7", text)
	}
	if prefix.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%s: write IPv4 ranges in their own form, such as 10.0.0.0/8", prefix)
	}
	if masked := prefix.Masked(); masked != prefix {
		return netip.Prefix{}, fmt.Errorf("%s has bits after its length; did you mean %s?", prefix, masked)
	}
	return prefix, nil
}

func (v *prefixesValue) text() string {
	words := make([]string, len(*v.to))
	for i, prefix := range *v.to {
		words[i] = prefix.String()
	}
	return strings.Join(words, ",")
}

type masterKeyValue struct{ to *Secret }

const masterKeySize = 32

// set takes 64 hexadecimal digits, or base64 in either alphabet with or without
// padding. The lengths tell them apart.
func (v *masterKeyValue) set(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		*v.to = ""
		return nil
	}
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != masterKeySize {
		standard := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		raw, err = base64.RawStdEncoding.DecodeString(standard)
	}
	if err != nil || len(raw) != masterKeySize {
		return errors.New("it is not 32 bytes in base64 or hexadecimal; openssl rand -base64 32 makes one")
	}
	if bytes.Equal(raw, bytes.Repeat(raw[:1], masterKeySize)) {
		return errors.New("all its bytes are the same; openssl rand -base64 32 makes a random one")
	}
	*v.to = Secret(raw)
	return nil
}

func (v *masterKeyValue) text() string { return shownSecret(*v.to) }

type secretValue struct{ to *Secret }

func (v *secretValue) set(text string) error {
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("it has spaces or other characters in it that a header can't carry")
	}
	*v.to = Secret(text)
	return nil
}

func (v *secretValue) text() string { return shownSecret(*v.to) }

func shownSecret(s Secret) string {
	if s == "" {
		return ""
	}
	return s.String()
}

type durationValue struct {
	to          *time.Duration
	least, most time.Duration
}

func (v *durationValue) set(text string) error {
	d, err := parseDuration(text)
	if err != nil {
		return err
	}
	if d < v.least || d > v.most {
		return fmt.Errorf("%s is not from %s to %s", text, formatDuration(v.least), formatDuration(v.most))
	}
	*v.to = d
	return nil
}

func (v *durationValue) text() string { return formatDuration(*v.to) }

// parseDuration is time.ParseDuration plus whole days, such as 30d.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * day, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration; examples are 500ms, 30s, 5m, 12h and 30d", text)
	}
	return d, nil
}

// formatDuration leaves out what Duration.String adds: 2m0s is 2m.
func formatDuration(d time.Duration) string {
	switch {
	case d != 0 && d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	case d >= 10*time.Minute && d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d >= 10*time.Minute && d%time.Minute == 0 && d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d >= time.Second && d < 10*time.Minute && d%time.Second == 0:
		return strconv.Itoa(int(d/time.Second)) + "s"
	}
	return d.String()
}

type sizeValue struct {
	to          *int64
	least, most int64
}

func (v *sizeValue) set(text string) error {
	n, err := parseSize(text)
	if err != nil {
		return err
	}
	if n < v.least || n > v.most {
		return fmt.Errorf("%s is not from %s to %s", text, formatSize(v.least), formatSize(v.most))
	}
	*v.to = n
	return nil
}

func (v *sizeValue) text() string { return formatSize(*v.to) }

// parseSize reads a whole number of bytes with an optional unit: KiB, MiB, GiB
// (powers of 1024) or kB, MB, GB (powers of 1000), in any case.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "BKMGikmgbI ")
	unit := strings.ToLower(strings.TrimSpace(text[len(digits):]))
	factor, ok := map[string]int64{
		"": 1, "b": 1, "kib": kib, "mib": mib, "gib": gib, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000,
	}[unit]
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || !ok {
		return 0, fmt.Errorf("%q is no size; examples are 32MiB, 500KB and 1048576", text)
	}
	return int64(n) * factor, nil // below 2³² × 2³⁰: no overflow
}

func formatSize(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", gib}, {"MiB", mib}, {"KiB", kib}} {
		if n >= unit.size && n%unit.size == 0 {
			return strconv.FormatInt(n/unit.size, 10) + unit.name
		}
	}
	return strconv.FormatInt(n, 10)
}

type intValue struct {
	to          *int
	least, most int
}

func (v *intValue) set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < v.least || n > v.most {
		return fmt.Errorf("%q is not a whole number from %d to %d", text, v.least, v.most)
	}
	*v.to = n
	return nil
}

func (v *intValue) text() string { return strconv.Itoa(*v.to) }

type boolValue struct{ to *bool }

func (v *boolValue) set(text string) error {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		*v.to = true
	case "false", "no", "off", "0":
		*v.to = false
	default:
		return fmt.Errorf("%q is neither true nor false", text)
	}
	return nil
}

func (v *boolValue) text() string { return strconv.FormatBool(*v.to) }

type choiceValue struct {
	to      *string
	choices []string
}

func (v *choiceValue) set(text string) error {
	text = strings.ToLower(text)
	if !slices.Contains(v.choices, text) {
		return fmt.Errorf("%q is none of %s", text, strings.Join(v.choices, ", "))
	}
	*v.to = text
	return nil
}

func (v *choiceValue) text() string { return *v.to }

type levelValue struct{ to *slog.Level }

func (v *levelValue) set(text string) error {
	var word string
	choice := choiceValue{&word, []string{"debug", "info", "warn", "error"}}
	if err := choice.set(text); err != nil {
		return err
	}
	return v.to.UnmarshalText([]byte(word))
}

func (v *levelValue) text() string { return strings.ToLower(v.to.String()) }

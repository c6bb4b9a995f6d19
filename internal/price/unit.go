package price

import "slices"

// The unit words of contract 12.
const (
	Image           = "image"
	Video           = "video"
	Audio           = "audio"
	Prediction      = "prediction"
	Second          = "second"
	AudioSecond     = "audio_second"
	VideoSecond     = "video_second"
	Minute          = "minute"
	FiveSeconds     = "5 seconds" // blocks, rounded up
	ComputingSecond = "computing_second"
	GPU             = "gpu" // the same as computing_second
	ImageMegapixel  = "image_megapixel"
	Megapixel       = "megapixel"
	Token           = "token"
	TokensUnit      = "tokens" // the same as token
	MillionTokens   = "million_token"
)

// Units are all unit words.
func Units() []string {
	return []string{
		Image, Video, Audio, Prediction, Second, AudioSecond, VideoSecond, Minute, FiveSeconds,
		ComputingSecond, GPU, ImageMegapixel, Megapixel, Token, TokensUnit, MillionTokens,
	}
}

// IsUnit reports whether the word is a unit.
func IsUnit(word string) bool { return slices.Contains(Units(), word) }

// IsTokens reports whether the unit counts tokens, one by one or by the million.
func IsTokens(unit string) bool { return unit == MillionTokens || IsSingleToken(unit) }

// IsSingleToken reports whether a rate in the unit is of one token, not of a million.
func IsSingleToken(unit string) bool { return unit == Token || unit == TokensUnit }

// isDuration reports whether the unit is time that the outputs last.
func isDuration(unit string) bool {
	switch unit {
	case Second, AudioSecond, VideoSecond, Minute, FiveSeconds:
		return true
	}
	return false
}

// isCompute reports whether the unit is time that the model computes.
func isCompute(unit string) bool { return unit == ComputingSecond || unit == GPU }

// isMegapixels reports whether the unit is the outputs' size.
func isMegapixels(unit string) bool { return unit == ImageMegapixel || unit == Megapixel }

const (
	million      = 1_000_000
	minuteLength = 60
	blockLength  = 5 // seconds of FiveSeconds
)

// quantity is what was measured in the unit, in its millionths. Token units have none.
func quantity(unit string, m Measure) int64 {
	switch unit {
	case Image, Video, Audio:
		return times(m.Outputs, million)
	case Prediction:
		return million
	case Second, AudioSecond, VideoSecond:
		return m.Seconds
	case Minute:
		return divide(m.Seconds, minuteLength)
	case FiveSeconds:
		return times(blocks(m.Seconds), million)
	case ComputingSecond, GPU:
		return m.Compute
	case ImageMegapixel, Megapixel:
		return m.OutputMegapixels
	}
	return 0
}

// blocks is how many blocks of five seconds have begun, of millionths of a second.
func blocks(duration int64) int64 {
	const length = blockLength * million
	n := duration / length
	if duration%length > 0 {
		n++
	}
	return n
}

// divide is n ÷ by, rounded to the nearest, halves up. Neither is negative.
func divide(n, by int64) int64 {
	quotient, rest := n/by, n%by
	if rest >= by-rest {
		quotient++
	}
	return quotient
}

// times is a × b, or the largest number where that is more. Neither is negative.
func times(a, b int64) int64 {
	const most = 1<<63 - 1
	if a > 0 && b > most/a {
		return most
	}
	return a * b
}

package io.pipelinebridge

import com.cloudbees.groovy.cps.NonCPS

/** What names a build and its asks, the same each time it is worked out. */
class Identity implements Serializable {

    static final String DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'

    /** The longest key that is sent; the bridge takes 2,048 characters. */
    static final int LONGEST_KEY = 1900

    /** The key of an ask. The body's hash is in it: another body is another ask. Nothing of it changes in a retry. */
    @NonCPS
    static String key(Map build, String step, String subject, String body) {
        String key = of(build) + ':' + encoded(step) + ':' + encoded(subject) + ':' + body.hashCode()
        return key.length() <= LONGEST_KEY ? key : key.substring(0, LONGEST_KEY) + ':' + key.hashCode()
    }

    /** The build itself: a recreated job counts from 1 again, so its start is part of it. */
    @NonCPS
    static String of(Map build) {
        return encoded(build.server) + ':' + encoded(build.job) + ':' + build.number + ':' + build.started
    }

    /** The chain of a build that nobody gave one: its start, and a hash of what names it, in the 26 characters that a chain has. */
    @NonCPS
    static String chain(Map build) {
        String name = of(build)
        return base32(build.started as long, 10) + base32(hash(name, 1125899906842597L), 8) + base32(hash(name, 7046029254386353131L), 8)
    }

    @NonCPS
    static long hash(String text, long seed) {
        long h = seed
        for (int i = 0; i < text.length(); i++) {
            h = (h ^ (text.charAt(i) as int)) * 1099511628211L
            h = h ^ (h >>> 29)
        }
        return h
    }

    @NonCPS
    static String base32(long value, int digits) {
        String text = ''
        for (int i = 0; i < digits; i++) {
            int digit = ((value >>> (5 * i)) & 31L) as int
            text = DIGITS.substring(digit, digit + 1) + text
        }
        return text
    }

    /** A name as part of a variable's name. */
    @NonCPS
    static String variable(String name) {
        return name.toUpperCase().replaceAll('[^A-Z0-9]', '_')
    }

    @NonCPS
    static String encoded(Object text) {
        return URLEncoder.encode(text == null ? '' : text.toString(), 'UTF-8')
    }
}
